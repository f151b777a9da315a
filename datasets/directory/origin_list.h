// Where images came from, as a list beside a directory's own files (docs/contract.md, "Origins"): a key and a path for each row.
// Written and read for image directories (image_origins.h) and for scored datasets.
#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/files/output_directory.h"

namespace torchport::datasets {

inline constexpr std::string_view kOriginList = "_origins.lst";

/// The text of the list.
class OriginListWriter {
 public:
  /// The next row. `key` tells later whether the list still fits; an `origin` of "" is not known.
  void add(std::string_view key, std::string_view origin);
  /// Writes the list to `output`, or nothing where it would say nothing. Comes before publish().
  void write(runtime::OutputDirectory& output) const;

 private:
  std::string rows_;
  std::size_t count_ = 0, known_ = 0;
};

struct OriginList {
  std::vector<std::string> origins;  ///< of all rows, or none
  std::string doubt;                 ///< for the log: that there is a list which is not used, and why
};

/// Reads the list of the directory `root`, which must have a row for each of `count` keys, in their order.
OriginList read_origins(const std::filesystem::path& root, std::size_t count, const std::function<std::string(std::size_t)>& key);

}  // namespace torchport::datasets
