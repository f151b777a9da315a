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
    std::string file_name;              ///< in the ImageDirectory, e.g. "image/0_0.png"; with a label, the writer's index is put in
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

/// Keeps `limit` items, the same share of every category (at least one), chosen by `seed`; order is kept.
void limit_items(ImageSource& source, std::int64_t limit, std::int64_t seed);

}  // namespace torchport::datasets
