// JSON lines as data labeling projects and AutoML hand them out: {"image_url": …, "label": …} for each image.
#include "datasets/sources/label_source.h"

namespace torchport::datasets {

std::optional<ImageSource> jsonl(const SourceOptions& options) {
  if (std::filesystem::exists(options.path / "MLTable")) return std::nullopt;  // which says what the lines are
  const auto files = label_files(options.path, looks_like_json_lines, {".jsonl"});
  if (files.empty()) return std::nullopt;
  const auto file = only_first(files, options.log);
  return label_source(read_json_lines(file), file, options.path, options);
}

}  // namespace torchport::datasets
