// The images of a label file as a source. Called by the formats of label files.
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "datasets/sources/image_source.h"
#include "datasets/sources/label_rows.h"
#include "runtime/error/error.h"

namespace torchport::datasets {

/// The file of an input that says how its label file is read; where it is, the other formats of label files don't fit.
inline constexpr std::string_view kTableFile = "MLTable";

/// A label file and where it lies.
struct LabelFile {
  std::filesystem::path root;                   ///< of the images that lie in the input
  std::filesystem::path file;                   ///< below the root
  std::vector<std::filesystem::path> beside{};  ///< files that were read for it
};

/// Each image once, with its category, the categories sorted by name. Rows without a label, of other files than images and of
/// images that came before are left out and counted, as are the images below the root that no row names. \throws Error
/// InvalidDataset.label_file where an image has two labels, and what find_images throws
ImageSource label_source(const std::vector<LabelRow>& rows, const LabelFile& at, const SourceOptions& options);

/// The file with `extension` at the top of the input which `fits`, the first by name; the others are named in the log. Nothing
/// where there is none, or an MLTable.
std::optional<LabelFile> find_label_file(const SourceOptions& options, std::string_view extension,
                                         bool (*fits)(const std::filesystem::path&));

/// Whether a file may be a label file by its name; what is in it the formats look at.
bool is_label_file(const std::filesystem::path& path);

/// InvalidDataset.label_heading where the input has a CSV file and none that is a label file; nothing else.
std::optional<runtime::Error> fault_of_table(const SourceOptions& options);

/// Throws it where the format or --path_map says that a table was meant as a label file.
void refuse_other_table(const std::string& format, const SourceOptions& options);

}  // namespace torchport::datasets
