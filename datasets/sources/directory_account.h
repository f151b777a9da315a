// What lies in an image directory beside the images that count. Told by check-data, and by Train PyTorch Model of class folders
// without metadata.
#pragma once
#include "datasets/directory/image_directory.h"
#include "datasets/sources/account.h"

namespace torchport::datasets {

/// Of class folders what Convert to Image Directory would tell, as far as names show it; of other directories the files that the
/// index does not name. \throws Error CouldNotOpenFile.file
Account account_of(const ImageDirectory& images);

}  // namespace torchport::datasets
