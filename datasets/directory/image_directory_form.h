// How the original writes the parts of an ImageDirectory, byte for byte. Used by the writer, and for directories without metadata.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/directory/image_directory.h"
#include "runtime/text/json.h"

namespace torchport::datasets {

/// Of a line of the index; the original's have 5 values.
inline constexpr runtime::JsonLimits kLineLimits{16, 10'000};

/// How many images `_samples.json` shows.
inline constexpr std::size_t kSamples = 3;

/// The column of the categories, where the original names it.
inline constexpr const char* kLabelColumn = "category";

struct Sample {
  std::string bytes;  ///< of the image file
  std::int64_t id = 0;
  std::optional<std::string> category;
  std::string members{};  ///< of the row, in place of the category: `"boxes": [...]`
};

/// A line of `images.lst`, with its line feed.
std::string index_line(std::string_view file_name, std::int64_t id, const std::string* category);
/// `_schema.json`; without names that of an unlabelled directory.
std::string schema_text(const std::optional<std::vector<std::string>>& categories);
/// `_samples.json`
std::string samples_text(const std::vector<Sample>& samples);
std::string meta_text(const Extension& extension = {});
/// The file of a converted image: "image/<label>_<row><extension>", or "image/<name>" where there is no label.
std::string converted_name(const std::string& name, std::optional<std::int32_t> label, std::size_t row);

/// What a schema says about the index.
struct Schema {
  std::string image_key;  ///< of the object that names the image file, e.g. "image_info"
  std::string label_key;  ///< of the category; empty in an unlabelled directory
  std::vector<Category> categories;
  std::string other_annotation;  ///< the annotation type where that is not one category for each image
};
/// \throws Error InvalidDataset.broken_schema, category_ids, with the fields `what` and `path`
Schema parse_schema(std::string_view text, std::string_view what, const std::string& path);

}  // namespace torchport::datasets
