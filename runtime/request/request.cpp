#include "runtime/request/request.h"

#include <boost/program_options.hpp>

#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

namespace options = boost::program_options;

constexpr const char* kDefault = "default";  ///< Given::origin

std::string with_dashes(std::string flag) {
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

/// What a flag fills: a port's path or a parameter's value, one of the two.
struct Target {
  std::string flag;
  const PortSpec* port = nullptr;
  const ParameterSpec* parameter = nullptr;
  std::map<std::string, std::filesystem::path, std::less<>>* paths = nullptr;
  std::map<std::string, Given, std::less<>>* values = nullptr;
};

class Parser {
 public:
  Parser(const ComponentSpec& component, Request& request, Problems& problems) : request_(request), problems_(problems) {
    for (const PortSpec& port : component.inputs) add({port.flag, &port, nullptr, &request.inputs, nullptr});
    for (const PortSpec& port : component.outputs) add({port.flag, &port, nullptr, &request.outputs, nullptr});
    for (const ParameterSpec& row : component.parameters) add({row.flag, nullptr, &row, nullptr, &request.parameters});
    for (const ParameterSpec* row : Specs::get().run_settings_of(component))
      add({row->flag, nullptr, row, nullptr, &request.run_settings});
  }

  void read(const std::vector<std::string>& arguments) {
    // Boost stops at its first fault, so each flag is handed over alone, with the words up to the next one: all faults are found.
    for (std::size_t i = 0; i < arguments.size();) {
      std::size_t end = i + 1;
      while (end < arguments.size() && !arguments[end].starts_with("--")) ++end;
      read_group({arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.begin() + static_cast<std::ptrdiff_t>(end)});
      i = end;
    }
  }

  void fill_in_defaults() {
    for (const std::string& key : order_) {
      const Target& target = targets_.at(key);
      if (given_.count(key)) continue;
      if (target.port) {
        if (target.port->optional) continue;
        problems_.add(Error("NullOrEmpty.port", {{"flag", target.flag}, {"title", target.port->what()}}));
      } else if (target.parameter->default_text) {
        (*target.values)[target.parameter->name] = {parse_value(*target.parameter, *target.parameter->default_text), kDefault};
      } else if (!target.parameter->optional) {
        problems_.add(Error("NullOrEmpty.parameter", {{"flag", target.flag}, {"title", target.parameter->title}}));
      }
    }
  }

 private:
  void add(Target target) {
    const std::string key = with_dashes(target.flag);
    description_.add_options()(key.c_str(), options::value<std::string>(), "");
    order_.push_back(key);
    targets_.emplace(key, std::move(target));
  }

  void read_group(std::vector<std::string> words) {
    const std::string flag = words[0].starts_with("--") ? words[0].substr(2, words[0].find('=') - 2) : "";
    if (flag.empty() && words[0].starts_with("--")) return refuse_flag(flag);
    words[0].replace(words[0].find(flag), flag.size(), with_dashes(flag));
    const auto target = targets_.find(with_dashes(flag));
    const bool is_switch =
        target != targets_.end() && target->second.parameter && target->second.parameter->type == ParameterType::boolean;
    if (is_switch && words.size() == 1 && words[0].find('=') == std::string::npos) words.push_back("True");
    try {
      const auto parsed = options::command_line_parser(words)
                              .options(description_)
                              .style(options::command_line_style::allow_long | options::command_line_style::long_allow_adjacent |
                                     options::command_line_style::long_allow_next)
                              .allow_unregistered()
                              .run();
      bool unknown = false;
      for (const auto& option : parsed.options) {
        if (option.position_key >= 0) {  // a word after an unknown flag may well be its value
          if (!unknown) problems_.add(Error("ParameterParsing.positional", {{"value", option.value.at(0)}}));
        } else if (option.unregistered) {
          unknown = true;
          refuse_flag(flag);
        } else {
          take(option.string_key, option.value.at(0));
        }
      }
    } catch (const options::invalid_command_line_syntax&) {
      given_.insert(with_dashes(flag));
      problems_.add(Error("ParameterParsing.no_value", {{"flag", flag}}));
    }
  }

  void refuse_flag(const std::string& flag) {
    const std::string near = nearest(with_dashes(flag), order_);
    problems_.add(Error("ParameterParsing.unknown_flag",
                        {{"flag", flag},
                         {"component", request_.component->name},
                         {"nearest", near.empty() ? "" : "Did you mean --" + targets_.at(near).flag + "? "}}));
  }

  void take(const std::string& key, const std::string& text) {
    const Target& target = targets_.at(key);
    const bool again = !given_.insert(key).second;
    if (again && target.parameter && target.parameter->several && target.parameter->type == ParameterType::string) {
      std::get<std::string>((*target.values)[target.parameter->name].value) += "\n" + text;
    } else if (again) {
      problems_.add(Error("ParameterParsing.given_twice", {{"flag", target.flag}}));
    } else if (target.parameter) {
      problems_.collect([&] { take_value(*target.parameter, text, *target.values); });
    } else if (text.empty()) {
      problems_.add(Error("NullOrEmpty.port", {{"flag", target.flag}, {"title", target.port->what()}}));
    } else {
      (*target.paths)[target.port->name] = text;
    }
  }

  void take_value(const ParameterSpec& parameter, const std::string& text, std::map<std::string, Given, std::less<>>& values) {
    Understood understood = understand(parameter, text);
    if (understood.note) request_.notes.push_back(std::move(*understood.note));
    values[parameter.name] = {std::move(understood.value), "command line"};
  }

  Request& request_;
  Problems& problems_;
  options::options_description description_;
  std::vector<std::string> order_;
  std::map<std::string, Target, std::less<>> targets_;
  std::set<std::string, std::less<>> given_;
};

template <class T>
const T& value_of(const std::map<std::string, Given, std::less<>>& values, std::string_view name) {
  const auto found = values.find(name);
  if (found == values.end()) throw std::logic_error("the request has no value '" + std::string(name) + "'");
  if (const T* value = std::get_if<T>(&found->second.value)) return *value;
  throw std::logic_error("the value '" + std::string(name) + "' is of another type");
}

}  // namespace

bool Request::is_given(std::string_view name) const {
  const auto found = parameters.find(name);
  return found != parameters.end() && found->second.origin != kDefault;
}

template <class T>
const T& Request::get(std::string_view name) const {
  return value_of<T>(parameters, name);
}
template <class T>
const T& Request::setting(std::string_view name) const {
  return value_of<T>(run_settings, name);
}
template const std::int64_t& Request::get(std::string_view) const;
template const double& Request::get(std::string_view) const;
template const bool& Request::get(std::string_view) const;
template const std::string& Request::get(std::string_view) const;
template const Lengths& Request::get(std::string_view) const;
template const std::int64_t& Request::setting(std::string_view) const;
template const double& Request::setting(std::string_view) const;
template const bool& Request::setting(std::string_view) const;
template const std::string& Request::setting(std::string_view) const;

Request parse_request(const ComponentSpec& component, const std::vector<std::string>& arguments, Problems& problems) {
  Request request;
  request.component = &component;
  request.arguments = arguments;
  Parser parser(component, request, problems);
  parser.read(arguments);
  parser.fill_in_defaults();
  return request;
}

}  // namespace torchport::runtime
