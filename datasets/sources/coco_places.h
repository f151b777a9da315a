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
  /// `file` is the COCO file, `root` the folder of all images.
  CocoPlaces(std::filesystem::path root, const std::filesystem::path& file);
  /// The path below the root of an image of this name, or nothing. It may be given with other folders before it, also as a path of
  /// another machine. \throws std::runtime_error where several files fit
  std::optional<std::string> find(const std::string& name);

 private:
  std::optional<std::string> search(std::string_view name) const;
  std::filesystem::path root_;
  std::vector<std::string> bases_;  ///< folders below the root where names are tried as they are: "" or with a slash at the end
  std::vector<std::string> files_;  ///< all images, sorted; read when a name does not lead to one
  std::vector<std::string_view> by_base_;  ///< the same in the order of what stands behind their last slash
  bool walked_ = false;
};

}  // namespace torchport::datasets
