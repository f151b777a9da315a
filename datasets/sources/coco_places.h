// Where the images of a COCO file lie: beside it, below images/, or wherever their names lead to one file only.
// Called by the format coco.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::datasets {

class CocoPlaces {
 public:
  /// `file` is the COCO file, `root` the folder of all images, which are `images`: sorted, and to outlive this.
  CocoPlaces(const std::filesystem::path& root, const std::filesystem::path& file, const std::vector<std::string>& images);
  struct Place {
    std::string file;     ///< below the root
    bool by_end = false;  ///< no usual place: found by the end of its path
  };
  /// Where an image of this name is, or nothing. It may be given with other folders before it, also as a path of
  /// another machine. \throws std::runtime_error where several files fit
  std::optional<Place> find(const std::string& name) const;

 private:
  std::optional<std::string> search(std::string_view name) const;
  const std::vector<std::string>& files_;
  std::vector<std::string> bases_;  ///< folders below the root where names are tried as they are: "" or with a slash at the end
  std::vector<std::string_view> by_base_;  ///< the files in the order of what stands behind their last slash
};

}  // namespace torchport::datasets
