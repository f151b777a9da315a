// A photo as it comes, to the pixels that the network is to see: what those of the training went through, and the sizes that it
// takes. Used by `torchport predict` and `torchport serve`.
#pragma once
#include <optional>
#include <string_view>

#include "datasets/codecs/decode.h"
#include "datasets/transforms/transformation.h"
#include "models/directory/model_directory.h"

namespace torchport::component {

class PhotoReader {
 public:
  /// `spec` must outlive the reader. Without a transformation photos are taken as they are. `given`: the transformation is not the
  /// model's own, and the size that the model notes does not count.
  PhotoReader(const models::ModelSpec& spec, std::optional<datasets::Transformation> transformation, bool given = false);

  /// Whether photos go through anything.
  bool transforms() const { return transformation_.has_value(); }

  /// Of what comes out, where that does not depend on the photo.
  std::optional<datasets::ImageSize> size() const;

  /// Thread-safe. \throws std::runtime_error where the bytes are not an image, or one of a size that the network does not take
  datasets::Pixels read(std::string_view bytes) const;

 private:
  void check(datasets::ImageSize size) const;

  const models::ModelSpec& spec_;
  const std::optional<datasets::Transformation> transformation_;
  const bool given_;
};

}  // namespace torchport::component
