// CSV with an address and a label in each row: a labeling project's (Url,Label), or of files beside it.
#include "datasets/sources/label_source.h"
#include "runtime/error/error.h"

namespace torchport::datasets {

std::optional<ImageSource> csv(const SourceOptions& options) {
  const auto files = label_files(options.path, looks_like_label_csv, {".csv"});
  if (files.empty()) return std::nullopt;
  const auto file = only_first(files, options.log);
  const std::vector<LabelRow> rows = read_label_csv(file);
  const bool addresses = !rows.empty() && rows.front().address.find("://") != std::string::npos;
  try {
    return label_source(rows, file, options.path, options);
  } catch (const runtime::Error& error) {
    if (addresses || !options.path_map.empty() || error.key() != "InvalidDataset.label_images") throw;
    // A table of any kind may lie beside class folders.
    if (options.log) options.log->warning(file.string() + " is not used as a list of labels: " + error.what());
    return std::nullopt;
  }
}

}  // namespace torchport::datasets
