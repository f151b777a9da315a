// What a parameter may be, in words. Used by the help, by `torchport describe` and by the reference pages.
#pragma once
#include <string>

#include "runtime/spec/spec.h"
#include "runtime/text/language.h"

namespace torchport::runtime {

/// The word for its type in the specs: "integer", "float", ...
std::string type_word(const ParameterSpec& parameter);
/// ParameterSpec::allowed() in the language of `say`.
std::string allowed(const ParameterSpec& parameter, const Language& say);

}  // namespace torchport::runtime
