// CSV with an address and a label in each row: a labeling project's (Url,Label), or of files beside it.
#include "datasets/sources/label_source.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
using runtime::Error;
namespace {

/// A table of any kind may lie beside class folders: where its rows name no address and nothing says that they are labels, what
/// keeps them from being used is no fault of the input.
bool may_be_another_table(const std::vector<LabelRow>& rows, const SourceOptions& options) {
  const bool addresses = !rows.empty() && rows.front().address.find("://") != std::string::npos;
  return options.guessed && options.path_map.empty() && !addresses;
}

}  // namespace

std::optional<ImageSource> csv(const SourceOptions& options) {
  const auto found = find_label_file(options, ".csv", looks_like_label_csv);
  if (!found) return std::nullopt;
  std::vector<LabelRow> rows;
  try {
    rows = read_label_csv(found->file);
    ImageSource source = label_source(rows, *found, options);
    if (!source.items.empty() || !may_be_another_table(rows, options)) return source;
    if (options.log) options.log->warning(found->file.string() + " is not used as a list of labels: it names no image with one");
  } catch (const Error& error) {
    if (error.key() != "InvalidDataset.label_images" && error.key() != "InvalidDataset.label_file") throw;
    if (!may_be_another_table(rows, options)) throw;
    if (options.log) options.log->warning(found->file.string() + " is not used as a list of labels: " + error.what());
  }
  return std::nullopt;
}

}  // namespace torchport::datasets
