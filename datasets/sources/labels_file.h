// The file of category names that `--labels` names. Called by Convert to Image Directory and its check; apart from the formats, so
// that `torchport` need not load the image codecs for it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace torchport::datasets {

/// The names of `--labels`: one a line, in the order of their numbers. \throws Error CouldNotOpenFile.file,
/// FileParsingFailed.labels
std::vector<std::string> read_labels(const std::filesystem::path& file);

}  // namespace torchport::datasets
