#include "runtime/cli/parameter_words.h"

#include "runtime/text/text.h"

namespace torchport::runtime {

std::string type_word(const ParameterSpec& parameter) {
  switch (parameter.type) {
    case ParameterType::integer:
      return "integer";
    case ParameterType::real:
      return "float";
    case ParameterType::size:
      return "size";
    case ParameterType::boolean:
      return "boolean";
    case ParameterType::choice:
      return "choice";
    case ParameterType::string:
      break;
  }
  return "string";
}

std::string allowed(const ParameterSpec& parameter, const Language& say) {
  const std::string text = parameter.allowed();
  if (parameter.type == ParameterType::choice) {
    const std::string list = join(parameter.choices, ", ");
    return say(text.substr(0, text.size() - list.size()) + "{0}", {list});
  }
  if (parameter.type != ParameterType::size) return say(text);
  const std::string range = parameter.range->words();
  return say("{0}" + text.substr(range.size()), {range});
}

}  // namespace torchport::runtime
