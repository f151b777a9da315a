// What tests of the sources of Convert to Image Directory share: files that are written quickly, and what became of them.
// Included by those tests only.
#pragma once
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/codecs/png.h"
#include "datasets/sources/image_source.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/output_directory.h"
#include "tests/support/paths.h"

namespace torchport::test {

using Names = std::vector<std::string>;

inline void put(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline std::string get(const std::filesystem::path& file) { return runtime::read_file(file, 1 << 30); }

inline std::string png(std::uint8_t grey = 7) { return datasets::encode_png(std::vector<std::uint8_t>{grey}, 1, 1, 1); }

inline datasets::ImageSource open(const std::filesystem::path& folder, const std::string& format = "auto",
                                  const std::string& subset = "train", const Names& labels = {}) {
  return datasets::open_source(format, {.path = folder, .subset = subset, .labels = labels, .threads = 2});
}

inline void write(const datasets::ImageSource& source, const std::filesystem::path& target) {
  runtime::OutputDirectory output(target);
  datasets::write_image_directory(source, output, 2);
}

/// The reason why a text file is no image.
inline const std::string kNoImage = [] {
  try {
    datasets::read_header("text");
  } catch (const datasets::ImageError& error) {
    return std::string(error.what());
  }
  return std::string();
}();

template <class Action>
std::string error_of(Action action, const std::filesystem::path& folder) {
  try {
    action();
  } catch (const runtime::Error& error) {
    std::string text = error.render("convert_to_image_directory");
    for (std::size_t at; (at = text.find(folder.string())) != text.npos;) text.replace(at, folder.string().size(), "DIR");
    return text;
  }
  return "no error";
}

inline Names files_of(const datasets::ImageSource& source) {
  Names names;
  for (const auto& item : source.items) names.push_back(item.file_name);
  return names;
}

/// The account, warnings marked.
inline Names lines_of(const datasets::ImageSource& source) {
  Names lines;
  for (const auto& line : source.account.lines()) lines.push_back((line.warning ? "W " : "  ") + line.text);
  return lines;
}

/// The file names below `root`, sorted, without the lists of sizes and origins, which the original does not write.
inline Names tree(const std::filesystem::path& root) {
  Names names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_directory() && entry.path() != root / "_sizes.lst" && entry.path() != root / "_origins.lst")
      names.push_back(entry.path().lexically_relative(root).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace torchport::test
