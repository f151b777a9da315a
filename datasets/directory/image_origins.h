// Where the images of a directory came from: the paths of the user's own files. Handed on by Split, Apply and Score.
#pragma once
#include <string>

#include "datasets/directory/image_directory.h"
#include "datasets/directory/origin_list.h"

namespace torchport::datasets {

class ImageOrigins {
 public:
  /// Reads the list where there is one. `images` must outlive this; `where` is what comes before their names for the user, where
  /// that is not the directory, as "photos.zip!" and folders in it.
  explicit ImageOrigins(const ImageDirectory& images, std::string where = "");
  /// The noted origin of an image, or else the path of its file as it is now. Thread-safe.
  std::string of(std::size_t image) const;
  /// For the log: that there is a list which is not used, and why; "" if there is none, or it holds.
  const std::string& doubt() const { return list_.doubt; }

 private:
  const ImageDirectory& images_;
  const std::string where_;
  OriginList list_;
};

}  // namespace torchport::datasets
