// Where the images of a directory came from: the paths of the user's own files. Handed on by Split, Apply and Score.
#pragma once
#include <string>

#include "datasets/directory/image_directory.h"
#include "datasets/directory/origin_list.h"

namespace torchport::datasets {

class ImageOrigins {
 public:
  /// Reads the list where there is one. `images` must outlive this.
  explicit ImageOrigins(const ImageDirectory& images);
  /// The noted origin of an image, or else the path of its file as it is now. Thread-safe.
  std::string of(std::size_t image) const;
  /// For the log: that there is a list which is not used, and why; "" if there is none, or it holds.
  const std::string& doubt() const { return list_.doubt; }

 private:
  const ImageDirectory& images_;
  OriginList list_;
};

}  // namespace torchport::datasets
