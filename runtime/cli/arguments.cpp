#include "runtime/cli/arguments.h"

#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

/// How many operands a usage has: its words before the first option.
std::size_t operand_count(const CommandUsage& usage) {
  std::istringstream words(usage.operands);
  std::size_t count = 0;
  for (std::string word; words >> word && !word.starts_with("-");) ++count;
  return count;
}

/// The usages whose words this parser reads: those with a component's flags are runtime/request's.
std::vector<CommandUsage> own_usages(const CommandSpec& command) {
  std::vector<CommandUsage> usages;
  for (const CommandUsage& usage : command.usages)
    if (!usage.takes_component_flags()) usages.push_back(usage);
  return usages;
}

class Parser {
 public:
  Parser(const CommandSpec& command, Problems& problems) : command_(command), problems_(problems) {}

  Arguments read(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].starts_with("-")) {
        i = read_option(words, i);
      } else {
        arguments_.operands.push_back(words[i]);
      }
    }
    check_operands();
    for (const Error& error : faults_.all()) problems_.add(error);
    for (const OptionSpec& option : command_.options) {
      const ParameterSpec& row = option.parameter;
      if (given_.count(row.name)) continue;
      if (row.default_text) {
        arguments_.options[row.name] = {parse_value(row, *row.default_text)};
      } else if (!row.optional) {
        problems_.add(Error("NullOrEmpty.parameter", {{"flag", row.flag}, {"title", row.title}}));
      }
    }
    return std::move(arguments_);
  }

 private:
  /// Reads the option at `i`. Returns the place of its last word.
  std::size_t read_option(const std::vector<std::string>& words, std::size_t i) {
    const std::size_t equal = words[i].find('=');
    const std::string name = words[i].substr(0, equal);
    const auto option = std::find_if(command_.options.begin(), command_.options.end(), [&](const OptionSpec& one) {
      return name == "--" + one.parameter.flag || (!one.letter.empty() && name == "-" + one.letter);
    });
    if (option == command_.options.end()) {
      refuse(name);
    } else if (equal != words[i].npos) {
      take(*option, words[i].substr(equal + 1));
    } else if (option->is_switch()) {
      take(*option, "True");
    } else if (i + 1 < words.size() && !words[i + 1].starts_with("--")) {
      take(*option, words[++i]);
    } else {
      given_.insert(option->parameter.name);
      faults_.add(Error("ParameterParsing.no_value", {{"flag", option->parameter.flag}}));
    }
    return i;
  }

  void refuse(const std::string& name) {
    std::vector<std::string> known;
    for (const OptionSpec& option : command_.options) known.push_back("--" + option.parameter.flag);
    const std::string near = nearest(name, known);
    faults_.add(
        Error("ParameterParsing.unknown_option",
              {{"command", command_.name}, {"option", name}, {"nearest", near.empty() ? "" : "Did you mean " + near + "? "}}));
    unknown_ = true;
  }

  void take(const OptionSpec& option, const std::string& text) {
    const ParameterSpec& row = option.parameter;
    if (!given_.insert(row.name).second && !option.repeated)
      return faults_.add(Error("ParameterParsing.given_twice", {{"flag", row.flag}}));
    faults_.collect([&] { arguments_.options[row.name].push_back(parse_value(row, text)); });
  }

  void check_operands() {
    const std::vector<CommandUsage> usages = own_usages(command_);
    if (usages.empty()) return;
    const auto fewer = [](const CommandUsage& a, const CommandUsage& b) { return operand_count(a) < operand_count(b); };
    const auto [least, most] = std::minmax_element(usages.begin(), usages.end(), fewer);
    const std::size_t count = arguments_.operands.size();
    if (count < operand_count(*least))
      problems_.add(Error("ParameterParsing.no_operand", {{"command", command_.name}, {"operand", operands_text(command_)}}));
    const bool endless = most->operands.ends_with("...");
    if (count > operand_count(*most) && !endless && !unknown_)  // a word after an unknown option may well be its value
      problems_.add(Error("ParameterParsing.positional", {{"value", arguments_.operands[operand_count(*most)]}}));
  }

  const CommandSpec& command_;
  Problems& problems_;
  Problems faults_;  // of the options, in the order of the words
  Arguments arguments_;
  std::set<std::string> given_;
  bool unknown_ = false;
};

}  // namespace

std::string operands_text(const CommandSpec& command) {
  std::vector<std::string> texts;
  for (const CommandUsage& usage : own_usages(command)) texts.push_back(usage.operands.substr(0, usage.operands.find(" -")));
  return join(texts, "|");
}

template <class T>
const T& Arguments::get(std::string_view option) const {
  const auto found = options.find(option);
  if (found == options.end()) throw std::logic_error("the option '" + std::string(option) + "' has no value");
  if (const T* value = std::get_if<T>(&found->second.back())) return *value;
  throw std::logic_error("the option '" + std::string(option) + "' is of another type");
}
template const std::int64_t& Arguments::get(std::string_view) const;
template const double& Arguments::get(std::string_view) const;
template const bool& Arguments::get(std::string_view) const;
template const std::string& Arguments::get(std::string_view) const;

std::vector<std::string> Arguments::all(std::string_view option) const {
  std::vector<std::string> texts;
  if (const auto found = options.find(option); found != options.end())
    for (const Value& value : found->second) texts.push_back(std::get<std::string>(value));
  return texts;
}

Arguments parse_arguments(const CommandSpec& command, const std::vector<std::string>& words, Problems& problems) {
  return Parser(command, problems).read(words);
}

}  // namespace torchport::runtime
