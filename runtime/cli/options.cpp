#include "runtime/cli/options.h"

#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::runtime {

std::vector<std::string> Options::all(const std::string& option) const {
  const auto found = values.find(option);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

std::string Options::last(const std::string& option, const std::string& fallback) const {
  const auto given = all(option);
  return given.empty() ? fallback : given.back();
}

Options parse_options(const std::string& command, const std::vector<std::string>& words, const std::vector<std::string>& valued,
                      const std::vector<std::string>& switches) {
  const auto among = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("-")) {
      options.operands.push_back(words[i]);
      continue;
    }
    const std::size_t equal = words[i].find('=');
    const std::string name = words[i].substr(0, equal);
    if (among(switches, name) && equal == std::string::npos) {
      options.values[name];
    } else if (among(valued, name)) {
      if (equal == std::string::npos && i + 1 == words.size())
        throw Error("ParameterParsing.no_value", {{"flag", name.substr(name.find_first_not_of('-'))}});
      options.values[name].push_back(equal == std::string::npos ? words[++i] : words[i].substr(equal + 1));
    } else {
      std::vector<std::string> known = valued;
      known.insert(known.end(), switches.begin(), switches.end());
      const std::string near = nearest(name, known);
      throw Error("ParameterParsing.unknown_option",
                  {{"command", command}, {"option", name}, {"nearest", near.empty() ? "" : "Did you mean " + near + "? "}});
    }
  }
  return options;
}

}  // namespace torchport::runtime
