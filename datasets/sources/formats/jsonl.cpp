// JSON lines as data labeling projects and AutoML hand them out: {"image_url": …, "label": …} for each image.
#include "datasets/sources/label_source.h"

namespace torchport::datasets {

std::optional<ImageSource> jsonl(const SourceOptions& options) {
  const auto found = find_label_file(options, ".jsonl", looks_like_json_lines);
  return found ? std::optional(label_source(read_json_lines(found->file), *found, options)) : std::nullopt;
}

}  // namespace torchport::datasets
