// Some images of an ImageDirectory as an ImageDirectory of their own. Called by Split Image Directory.
#pragma once
#include <cstdint>
#include <vector>

#include "datasets/directory/image_directory.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// Rows of a directory's index, to be written in that order.
struct Subset {
  const std::vector<std::uint32_t>& rows;
  runtime::OutputDirectory& output;
};

/// Writes and publishes all subsets, or, after an error, none that was not published before it. Lines of the index, schema,
/// _meta.yaml and what is noted of the images stay as they are (what is noted and does not fit is named in `log`); class folders
/// without metadata become what Convert to Image Directory would have made of them. Files are copied on several threads. \throws
/// Error ModuleOutOfMemory.disk before the first file, InvalidDataset.bad_file_name, UserError.lost_image, and what
/// OutputDirectory throws. `where` is that of ImageOrigins
runtime::CopyCounts write_subsets(const ImageDirectory& images, const std::vector<Subset>& subsets,
                                  runtime::Sharing sharing = runtime::Sharing::blocks, int threads = 1, runtime::Log* log = nullptr,
                                  const std::string& where = "");

}  // namespace torchport::datasets
