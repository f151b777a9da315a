// Label files: exports of data labeling projects, a row for each image with its address and label. Read by the formats jsonl, csv
// and mltable.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::datasets {

struct LabelRow {
  std::string address;               ///< of the image, as it is written
  std::optional<std::string> label;  ///< nothing: the image has none
  std::size_t line = 0;              ///< from 1
  bool chosen = false;               ///< the label is that of several which is the surest
};

/// One JSON object a line, with `image_url` and `label`: a text, a number, a list of texts, of which the one with the highest
/// `label_confidence` counts, or boxes of one category. Two equally sure ones are refused. \throws Error InvalidDataset.label_file,
/// CouldNotOpenFile.file
std::vector<LabelRow> read_json_lines(const std::filesystem::path& file);

/// CSV with a heading, of which one column is the address and one the label: Url and Label, or image_url, path, file and label,
/// class; LabelConfidence besides. A label that is a list in JSON is taken as one of JSON lines.
/// \throws Error InvalidDataset.label_file, CouldNotOpenFile.file
std::vector<LabelRow> read_label_csv(const std::filesystem::path& file);

/// "line N of the label file … {reason}". \throws Error InvalidDataset.label_file
[[noreturn]] void refuse_row(const std::filesystem::path& file, std::size_t line, const std::string& reason);

/// Whether the first line of a file is one of these.
bool looks_like_json_lines(const std::filesystem::path& file);
bool looks_like_label_csv(const std::filesystem::path& file);

/// What keeps a CSV file from being a label file, behind "its": the heading that it has and what is wanted. Of one that is none "".
std::string heading_fault(const std::filesystem::path& file);

}  // namespace torchport::datasets
