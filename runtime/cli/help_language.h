// The language of help texts. Their English is in the specs and in runtime/cli/help.cpp, their Japanese in spec/ja.txt.
// Called by what shows help.
#pragma once
#include <string>
#include <vector>

#include "runtime/text/language.h"

namespace torchport::runtime {

/// `language`: one of those that the option --lang takes.
Language help_language(const std::string& language);
/// In the language that --lang names among `words`, a call that asks for help; English where it does not. \throws Error of the
/// option's value
Language help_language(const std::vector<std::string>& words);

}  // namespace torchport::runtime
