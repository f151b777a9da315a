#include "datasets/sources/foreign_names.h"

#include <set>
#include <string>

#include "runtime/text/lower.h"

namespace torchport::datasets {
namespace {

/// In small letters: file systems that such tools run on take no notice of case.
const std::set<std::string, std::less<>>& tool_names() {
  static const std::set<std::string, std::less<>> kNames = {"__macosx",
                                                            ".ds_store",
                                                            ".appledouble",
                                                            ".fseventsd",
                                                            ".spotlight-v100",
                                                            ".trashes",
                                                            ".temporaryitems",  // macOS
                                                            "thumbs.db",
                                                            "ehthumbs.db",
                                                            "desktop.ini",
                                                            "$recycle.bin",
                                                            "recycler",
                                                            "recycled",
                                                            "ehthumbs_vista.db",
                                                            "msdownld.tmp",
                                                            "system volume information",  // Windows
                                                            "lost+found",
                                                            ".directory",
                                                            ".nomedia",
                                                            "lost.dir",
                                                            "picasa.ini",
                                                            ".thumbnails",
                                                            ".trash",
                                                            ".cache",  // Linux, Android
                                                            "@eadir",
                                                            "#recycle",
                                                            "@recycle",
                                                            "#snapshot",
                                                            ".snapshot",
                                                            "@recently-snapshot",
                                                            "@tmp",
                                                            "network trash folder",
                                                            "temporary items",  // network storage
                                                            ".ipynb_checkpoints",
                                                            "__pycache__",
                                                            ".git",
                                                            ".gitignore",
                                                            ".gitattributes",
                                                            ".gitkeep",
                                                            ".svn",
                                                            ".hg",
                                                            ".dvc"};
  return kNames;
}

}  // namespace

NameKind kind_of_name(std::string_view name) {
  if (name.starts_with("._") || name.starts_with(".Trash-") || name == "Icon\r") return NameKind::tool;
  if (name.size() == 9 && runtime::lower(name).starts_with("found.00")) return NameKind::tool;  // of Windows' disk check
  if (tool_names().contains(runtime::lower(name))) return NameKind::tool;
  return name.starts_with('.') ? NameKind::hidden : NameKind::ordinary;
}

}  // namespace torchport::datasets
