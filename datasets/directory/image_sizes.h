// The sizes of a directory's images, noted down beside its index (docs/contract.md, "Sizes"): whoever needs them asks the disk for
// a look at each file instead of its beginning. Used by Convert, Apply and Split, and by the check of sizes before a training.
#pragma once
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/directory/image_directory.h"
#include "runtime/files/stamp.h"

namespace torchport::datasets {

/// One row of the list: an image's size, and what its file looked like then. 0 x 0: nothing is known.
struct NotedSize {
  runtime::Stamp stamp;
  ImageSize size;
};

/// The text of the list: a row for each line of the index, in its order.
class SizeListWriter {
 public:
  void add(std::string_view file, const NotedSize& noted);
  /// Writes the list to `output`, or nothing where it would say nothing. Comes before publish().
  void write(runtime::OutputDirectory& output) const;

 private:
  std::string rows_;
  std::size_t count_ = 0, known_ = 0;
};

/// Thread-safe, and safe with whatever the list may hold: what is not believed is asked of the images themselves.
class ImageSizes {
 public:
  /// Reads the list where there is one. `images` must outlive this.
  explicit ImageSizes(const ImageDirectory& images);

  /// The noted size of an image whose file is still the one that was looked at. \throws std::runtime_error where the file's name
  /// leads out of the directory
  std::optional<ImageSize> noted(std::size_t image) const;
  /// That, or else the size in the file's header. \throws std::runtime_error where there is no readable header
  ImageSize of(std::size_t image) const;
  /// For the log, after all that was asked: for how many images the list is not used, and why. "" if it held, or there is none.
  std::string doubts() const;

 private:
  /// \throws std::runtime_error what is wrong with it
  void parse(std::string_view text);

  const ImageDirectory& images_;
  const std::filesystem::path file_;
  std::vector<NotedSize> rows_;             // of all images, or none
  std::string fault_;                       // why the list as a whole is not believed
  mutable std::atomic<std::size_t> stale_;  // rows whose file is another
};

}  // namespace torchport::datasets
