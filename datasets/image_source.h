// Where Convert to Image Directory takes images from: datasets/formats/<name>.cpp recognises one layout and lists its images.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/log.h"
#include "runtime/table.h"

namespace torchport::datasets {

struct SourceOptions {
  std::filesystem::path path;       ///< folder
  std::string subset;               ///< of formats that hold several: "train" or "test"
  std::vector<std::string> labels;  ///< category names in id order, for formats that only number them; may be empty
  runtime::Log* log = nullptr;      ///< for files that are passed over
};

/// The images that a source offers, in the order of the ImageDirectory to be.
struct ImageSource {
  struct Item {
    std::string file_name;              ///< path below the source; of labelled images only the extension is kept
    std::optional<std::int32_t> label;  ///< class index
    std::string origin;                 ///< where it comes from, for errors
  };
  std::optional<std::vector<std::string>> categories;  ///< in id order; absent = unlabelled
  std::vector<Item> items;
  std::function<std::string(std::size_t)> read;  ///< the file bytes of item i
};

/// The generated table of datasets/formats/. A function returns nothing where the folder is not of its format.
/// \throws Error InvalidDataset.* where it is, but broken.
const runtime::Table<std::optional<ImageSource>(const SourceOptions&)>& formats();

/// The names of `--labels`: one a line, in the order of their numbers. \throws Error CouldNotOpenFile.file,
/// FileParsingFailed.labels
std::vector<std::string> read_labels(const std::filesystem::path& file);

/// The first format's answer that has labels, else the first answer; with a `format` other than "auto" that one's.
/// \throws Error InvalidDataset.not_this_format, no_images, already_converted, unsupported_input, and what the formats throw
ImageSource open_source(const std::string& format, const SourceOptions& options);

/// Keeps `limit` items (or all, if there are fewer), the same share of every category but at least one, chosen by `seed`; order is
/// kept. \throws Error GreaterThanOrEqualTo.limit where there are more categories than that
void limit_items(ImageSource& source, std::int64_t limit, std::int64_t seed);

/// Makes an ImageDirectory at `target` of all items. Labelled images become "image/<class>_<index><extension>", others keep their
/// path. \throws Error CouldNotOpenFile.file, and what OutputDirectory throws
void write_image_directory(const ImageSource& source, const std::filesystem::path& target);

}  // namespace torchport::datasets
