// The type of the generated plug-in tables: file name to function. Read by whoever looks a plug-in up by its name.
#pragma once
#include <map>
#include <string_view>

namespace torchport::runtime {

/// Maps the name of a plug-in (its file's stem) to its function. Made by cmake/plugins.cmake.
template <class Function>
using Table = std::map<std::string_view, Function*>;

}  // namespace torchport::runtime
