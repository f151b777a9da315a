// What lies in an image directory beside the images that count. Told by check-data, and by whoever reads class folders without
// metadata: Train PyTorch Model, Score Image Model, Split and Apply.
#pragma once
#include "datasets/directory/image_directory.h"
#include "datasets/sources/account.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// Of class folders what Convert to Image Directory would tell, as far as names show it; of other directories the files that the
/// index does not name. \throws Error CouldNotOpenFile.file
Account account_of(const ImageDirectory& images);

/// Of a folder without metadata logs as what it is taken, and what in it does not count; of a directory nothing. \throws as above
void tell_of_raw(const ImageDirectory& images, runtime::Log& log);

}  // namespace torchport::datasets
