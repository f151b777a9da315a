// Names of files and folders that no user put among the images: those of tools and systems, and hidden ones. Asked wherever a
// folder or an archive is looked through.
#pragma once
#include <string_view>

namespace torchport::datasets {

enum class NameKind {
  ordinary,
  tool,    ///< made by a tool or a system: Thumbs.db, @eaDir, __MACOSX, .ipynb_checkpoints, "._x.jpg"
  hidden,  ///< any other name that begins with a dot
};

/// Of the last part of a path.
NameKind kind_of_name(std::string_view name);

}  // namespace torchport::datasets
