// An image transformation: the list of operations in `_transforms.json` (docs/contract.md, "TransformationDirectory"), ready to be
// applied. Used by Apply Image Transformation, and by the loader for directories that carry one.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/pixels/placement.h"

namespace torchport::datasets {

/// Why an image cannot be transformed, e.g. "RandomCrop: the image is 30 x 20, smaller than the crop of 40 x 40".
struct TransformError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the random numbers of one image depend on.
struct DrawKey {
  std::int64_t seed = 0, epoch = 0;  ///< epochs count from 0
  std::size_t image = 0;             ///< its place in its directory
  std::uint32_t draw = 0;            ///< how often it came before in the epoch
};

class Transformation {
 public:
  /// \throws std::runtime_error naming the operation and what is wrong with it
  static Transformation parse(std::string_view json);

  /// What is left for inference: without the random operations, which are those named Random... and ColorJitter.
  Transformation without_random() const;
  bool random() const;
  /// The size of what comes out of an image of the size `from`. \throws TransformError
  ImageSize size(ImageSize from) const;
  /// Whether an image of the size `from` gets black around it, because a CenterCrop is larger than what comes to it.
  /// \throws TransformError
  bool blackens(ImageSize from) const;
  /// What size() gives for every image that it takes; nothing where that depends on the image.
  std::optional<ImageSize> fixed_size() const;
  /// Thread-safe: what comes out depends on the pixels and the key alone. \throws TransformError
  void apply(Pixels& image, const DrawKey& key) const;

  /// The operations at the beginning that only choose, resize and mirror pixels, as one.
  struct Beginning {
    Placement placement;
    std::size_t operations = 0;  ///< that it stands for
    ImageSize size;              ///< of what comes out of it
  };
  /// What the beginning does with an image of the size `from`. \throws TransformError
  Beginning beginning(ImageSize from, const DrawKey& key) const;
  /// Applies what follows the beginning to what came out of it; nothing where that is all. \throws TransformError
  void apply_after(const Beginning& beginning, Pixels& image, const DrawKey& key) const;
  std::size_t operations() const;

  /// As in `_transforms.json`, which the original indents by two spaces; without indent on one line.
  std::string json(int indent = -1) const;
  /// "Resize, CenterCrop", or "no operation".
  std::string names() const;

 private:
  struct Step;
  explicit Transformation(std::vector<Step> steps);
  std::shared_ptr<const std::vector<Step>> steps_;  // shared by copies: it never changes
};

}  // namespace torchport::datasets
