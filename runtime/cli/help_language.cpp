#include "runtime/cli/help_language.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/cli/command_spec.h"
#include "runtime/error/error.h"
#include "runtime/request/parse_value.h"
#include "runtime/spec/embedded.h"
#include "runtime/spec/spec.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kFlag = "--lang";

/// The option as the commands have it that write in several languages.
ParameterSpec language_option() {
  for (const OptionSpec& option : command_spec("list").options)
    if ("--" + option.parameter.flag == kFlag) return option.parameter;
  throw std::logic_error("torchport list has no --lang");
}

std::string_view table_of(const std::string& language) {
  for (const auto& [path, text] : embedded_languages())
    if (path == language + ".txt") return text;
  throw std::logic_error("spec/ lacks " + language + ".txt");
}

}  // namespace

// Where a text names components, so does its key.
Language help_language(const std::string& language) {
  if (language == "en") return {};
  const std::string_view table = table_of(language);
  return {language, table.find("{maker") == table.npos ? std::string(table) : Specs::get().with_makers(std::string(table))};
}

Language help_language(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool adjacent = words[i].starts_with(std::string(kFlag) + "=");
    if (!adjacent && words[i] != kFlag) continue;
    if (!adjacent && i + 1 == words.size()) throw Error("ParameterParsing.no_value", {{"flag", std::string(kFlag.substr(2))}});
    const std::string given = adjacent ? words[i].substr(kFlag.size() + 1) : words[i + 1];
    return help_language(std::get<std::string>(parse_value(language_option(), given)));
  }
  return {};
}

}  // namespace torchport::runtime
