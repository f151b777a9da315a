#include "runtime/spec/spec_reader.h"

#include <future>

#include "runtime/error/error.h"
#include "runtime/error/error_catalogue.h"
#include "runtime/request/parse_value.h"
#include "runtime/spec/plugin_names.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && is_letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string with_underscores(std::string flag) {
  std::replace(flag.begin(), flag.end(), '-', '_');
  return flag;
}

std::optional<double> read_bound(const std::string& text, const SpecMap& row) {
  if (text.empty()) return std::nullopt;
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) row.fail("'" + text + "' is not a bound of a range", "range");
  return value;
}

Range read_range(const std::string& text, const SpecMap& row) {
  const auto comma = text.find(',');
  const bool bracketed = text.size() >= 3 && (text[0] == '(' || text[0] == '[') && (text.back() == ')' || text.back() == ']');
  if (!bracketed || comma == text.npos) row.fail("'" + text + "' is not a range such as \"(0, 1]\"", "range");
  Range range;
  range.text = text;
  range.low_open = text[0] == '(';
  range.high_open = text.back() == ')';
  range.low_text = trimmed(std::string_view(text).substr(1, comma - 1));
  range.high_text = trimmed(std::string_view(text).substr(comma + 1, text.size() - comma - 2));
  range.low = read_bound(range.low_text, row);
  range.high = read_bound(range.high_text, row);
  if (range.low && range.high && *range.low > *range.high) row.fail("the range " + text + " is empty", "range");
  return range;
}

Variant read_variant(const std::string& name, const YAML::Node& row, const SpecMap& root) {
  Variant variant{name, {}};
  for (const auto& cell : row) {
    const std::string& key = cell.first.Scalar();
    const auto refuse = [&] {
      root.fail("'" + key + "' of the variant '" + name + "' is not a text, a whole number or a list of whole numbers", "variants");
    };
    if (cell.second.IsScalar()) {
      const auto number = decimal_integer(cell.second.Scalar());
      variant.cells[key] = number ? Variant::Cell(*number) : Variant::Cell(cell.second.Scalar());
    } else if (cell.second.IsSequence()) {
      std::vector<std::int64_t> numbers;
      for (const YAML::Node& item : cell.second) {
        const auto number = item.IsScalar() ? decimal_integer(item.Scalar()) : std::nullopt;
        if (!number) refuse();
        numbers.push_back(*number);
      }
      variant.cells[key] = numbers;
    } else {
      refuse();
    }
  }
  return variant;
}

std::array<double, 3> read_channels(SpecMap& row, const std::string& key) {
  const std::vector<std::string> texts = row.texts(key);
  std::array<double, 3> numbers{};
  if (texts.size() != numbers.size()) row.fail("'" + key + "' is not a list of three numbers", key);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [end, fault] = std::from_chars(texts[i].data(), texts[i].data() + texts[i].size(), numbers[i]);
    if (fault != std::errc() || end != texts[i].data() + texts[i].size()) row.fail("'" + texts[i] + "' is not a number", key);
  }
  return numbers;
}

PublishedWeights read_published(SpecMap row) {
  PublishedWeights published{row.text("url"), read_channels(row, "mean"), read_channels(row, "std")};
  row.finish();
  return published;
}

ArchitectureSpec read_architecture(SpecMap row) {
  ArchitectureSpec architecture{row.text("name"),
                                row.text("module"),
                                row.text("class"),
                                row.text("head"),
                                row.integer("minimum_size"),
                                row.texts("last_block"),
                                read_published(row.map("pretrained"))};
  row.finish();
  return architecture;
}

std::map<std::string, std::string> read_values(SpecMap& row, const std::string& key, const ComponentSpec& component) {
  std::map<std::string, std::string> values;
  if (!row.has(key)) return values;
  for (const auto& entry : row.node(key)) {
    const std::string name = entry.first.Scalar(), text = entry.second.IsScalar() ? entry.second.Scalar() : "";
    const ParameterSpec* const parameter = component.parameter(name);
    if (!parameter) row.fail("there is no parameter '" + name + "'", key);
    try {
      parse_value(*parameter, text);
    } catch (const Error& error) {
      row.fail(std::string("the value does not fit: ") + error.what(), key);
    }
    values[name] = text;
  }
  return values;
}

/// A network's module is that of its architecture.
OriginalSpec read_original(SpecMap row, const ComponentSpec& component) {
  OriginalSpec original;
  original.module = component.architecture ? component.architecture->module : row.text("module");
  original.defaults = read_values(row, "defaults", component);
  original.alike = read_values(row, "alike", component);
  if (row.has("required")) original.required = row.texts("required");
  for (const std::string& name : original.required)
    if (!component.parameter(name)) row.fail("there is no parameter '" + name + "'", "required");
  row.finish();
  return original;
}

const std::map<std::string, ParameterType, std::less<>>& parameter_types() {
  static const std::map<std::string, ParameterType, std::less<>> types = {
      {"integer", ParameterType::integer}, {"float", ParameterType::real}, {"boolean", ParameterType::boolean},
      {"string", ParameterType::string},   {"size", ParameterType::size},  {"choice", ParameterType::choice}};
  return types;
}

}  // namespace

Specs SpecReader::read(const std::map<std::string, std::string>& files) {
  // All at once: this is most of what a program does before it can tell what is asked of it.
  std::map<std::string, std::future<YAML::Node>> parsing;
  for (const auto& [path, text] : files) {
    if (std::filesystem::path(path).filename() != "errors.yaml")  // which error_catalogue.cpp reads
      parsing.emplace(path, std::async(std::launch::async, parse_yaml, std::string_view(text)));
  }
  std::map<std::string, SpecMap> roots;  // of all files, because components name types and settings that other files declare
  for (auto& [path, node] : parsing) {
    try {
      roots.emplace(path, SpecMap(path, node.get(), "the file"));
    } catch (const YamlError& error) {
      throw Error("FileParsingFailed.spec", {{"path", path}, {"reason", error.what()}});
    }
  }
  const auto named = [](const std::string& path, std::string_view name) { return std::filesystem::path(path).filename() == name; };
  const auto is_component = [](const std::string& path) {
    return std::filesystem::path(path).parent_path().filename() == "components";
  };
  for (auto& [path, root] : roots) {
    if (!is_component(path) && named(path, "types.yaml")) read_types(root);
    if (!is_component(path) && named(path, "run_settings.yaml")) read_run_settings(root);
  }
  for (auto& [path, root] : roots) {
    if (!is_component(path)) continue;
    read_component(root, std::filesystem::path(path).stem());
    specs_.components_.back().text = files.at(path);
  }
  std::sort(specs_.components_.begin(), specs_.components_.end(),
            [](const ComponentSpec& a, const ComponentSpec& b) { return a.name < b.name; });  // wherever the files lie
  for (DirectoryTypeSpec& type : specs_.types_) type.description = specs_.with_makers(std::move(type.description));
  for (ComponentSpec& component : specs_.components_) {
    for (auto* const ports : {&component.inputs, &component.outputs}) {
      for (PortSpec& port : *ports) port.help = specs_.with_makers(std::move(port.help));
    }
  }
  return std::move(specs_);
}

void SpecReader::read_types(SpecMap root) {
  for (auto& [name, row] : root.maps("types")) {
    DirectoryTypeSpec type;
    type.name = name;
    if (!row.node("directory").IsNull()) type.directory = row.text("directory");
    type.description = row.text("description");
    type.error = row.text("error");
    if (!trusted_ && !type.directory.empty() && !has_error(type.error + ".wrong_type")) {
      row.fail("errors.yaml has no '" + type.error + ".wrong_type'", "error");
    }
    type.trained_only = row.boolean_or("trained_only", false);
    type.file_allowed = row.boolean_or("file_allowed", false);
    type.bare_allowed = row.boolean_or("bare_allowed", false);
    type.inner_folder = row.text_or("inner_folder", "");
    row.finish();
    specs_.types_.push_back(std::move(type));
  }
  root.finish();
}

void SpecReader::read_run_settings(SpecMap root) {
  for (auto& [name, row] : root.maps("run_settings")) {
    ParameterSpec setting = read_parameter(name, row, {});
    setting.distributed = row.boolean_or("distributed", false);
    setting.changes_outputs = row.boolean_or("changes_outputs", false);
    row.finish();
    specs_.run_settings_.push_back(std::move(setting));
  }
  root.finish();
}

PortSpec SpecReader::read_port(const std::string& name, SpecMap& row) const {
  PortSpec port{name,
                row.text("flag"),
                row.text("type"),
                row.text("title"),
                row.text("help"),
                row.boolean_or("labelled", false),
                row.boolean_or("optional", false)};
  if (!is_identifier(name)) row.fail("'" + name + "' is not a name: small letters, digits and _ only");
  if (std::none_of(specs_.types_.begin(), specs_.types_.end(),
                   [&](const DirectoryTypeSpec& type) { return type.name == port.type; })) {
    row.fail("types.yaml has no type '" + port.type + "'", "type");
  }
  row.finish();
  return port;
}

ParameterSpec SpecReader::read_parameter(const std::string& name, SpecMap& row, const std::vector<Variant>& variants) const {
  ParameterSpec parameter;
  parameter.name = name;
  parameter.flag = row.text("flag");
  parameter.title = row.text("title");
  parameter.unit = row.text("unit");
  parameter.help = row.text("help");
  if (!is_identifier(name)) row.fail("'" + name + "' is not a name: small letters, digits and _ only");
  const std::string type = row.text("type");
  const auto known = parameter_types().find(type);
  if (known == parameter_types().end()) row.fail("'" + type + "' is none of integer, float, boolean, string, choice, size", "type");
  parameter.type = known->second;
  if (parameter.is_number() || parameter.type == ParameterType::size) {
    if (const std::string range = row.text_or("range", ""); !range.empty()) parameter.range = read_range(range, row);
    if (parameter.type == ParameterType::size && !(parameter.range && parameter.range->low && parameter.range->high))
      row.fail("a size needs a range with two bounds", "type");
  }
  if (const std::string range = parameter.is_number() ? row.text_or("registered_range", "") : ""; !range.empty())
    parameter.registered_range = read_range(range, row);
  if (parameter.type == ParameterType::choice) {
    if (row.has("choices") && row.node("choices").IsScalar() && row.text("choices") == "variants") {
      for (const Variant& variant : variants) parameter.choices.push_back(variant.name);
      if (variants.empty()) row.fail("there are no variants to choose from", "choices");
    } else if (row.has("choices")) {
      parameter.choices = row.texts("choices");
    }
    if (row.has("plugins")) {
      const auto table = plugin_names().find(row.text("plugins"));
      if (table == plugin_names().end()) row.fail("there are no plug-ins of this name", "plugins");
      parameter.choices.insert(parameter.choices.end(), table->second.begin(), table->second.end());
    }
    if (parameter.choices.empty()) row.fail("there is nothing to choose from", "choices");
    parameter.several = row.boolean_or("several", false);
    parameter.unknown_error = row.text_or("unknown", "ParameterParsing.not_a_choice");
    if (!trusted_ && !has_error(parameter.unknown_error))
      row.fail("errors.yaml has no '" + parameter.unknown_error + "'", "unknown");
  }
  if (parameter.type == ParameterType::string) parameter.several = row.boolean_or("several", false);
  parameter.path = row.boolean_or("path", false);
  if (parameter.path && parameter.type != ParameterType::string) row.fail("only a string can be a path", "path");
  parameter.network = row.boolean_or("network", false);
  if (parameter.network && (parameter.type == ParameterType::string || parameter.type == ParameterType::size))
    row.fail(std::string("a network is not built from a ") + (parameter.type == ParameterType::size ? "size" : "free text") +
                 ": give integer, float, boolean or choice",
             "network");
  parameter.optional = row.boolean_or("optional", false);
  if (const std::string text = row.text_or("default", ""); !text.empty()) {
    if (parameter.optional) row.fail("'" + name + "' has a default and is optional: one of them is too much", "optional");
    parameter.default_text = text;
    try {
      parse_value(parameter, text);
    } catch (const Error& error) {
      row.fail(std::string("the default does not fit: ") + error.what(), "default");
    }
  }
  return parameter;
}

void SpecReader::read_component(SpecMap root, const std::string& stem) {
  ComponentSpec component;
  component.name = root.text("name");
  if (component.name != stem) root.fail("the name '" + component.name + "' is not that of the file", "name");
  if (!is_identifier(component.name)) root.fail("'" + component.name + "' is not a name: small letters, digits and _ only", "name");
  component.function = root.text_or("function", component.name);
  component.title = root.text("title");
  component.category = root.text("category");
  component.summary = root.text("summary");
  component.description = root.text("description");
  component.example = root.text("example");
  const std::string launch = root.text("launch");
  if (launch != "single" && launch != "distributed") root.fail("'launch' must be single or distributed", "launch");
  component.distributed = launch == "distributed";
  if (root.has("architecture")) component.architecture = read_architecture(root.map("architecture"));
  if (root.has("variants")) {
    for (const auto& row : root.node("variants")) {
      if (!row.second.IsMap()) root.fail("each variant must be a map", "variants");
      component.variants.push_back(read_variant(row.first.Scalar(), row.second, root));
    }
  }
  for (auto& [name, row] : root.maps("inputs")) component.inputs.push_back(read_port(name, row));
  for (auto& [name, row] : root.maps("outputs")) component.outputs.push_back(read_port(name, row));
  for (const char* group : {"parameters", "options"}) {
    for (auto& [name, row] : root.maps(group)) {
      component.parameters.push_back(read_parameter(name, row, component.variants));
      component.parameters.back().option = group == std::string_view("options");
      row.finish();
    }
  }
  if (root.has("original")) component.original = read_original(root.map("original"), component);
  for (const ParameterSpec& parameter : component.parameters) {
    if (parameter.network && !component.architecture)
      root.fail("'" + parameter.name + "' is of a network, but there is no architecture");
  }
  root.finish();
  check_flags(component, root);
  specs_.components_.push_back(std::move(component));
}

void SpecReader::check_flags(const ComponentSpec& component, const SpecMap& root) const {
  std::set<std::string> flags = {"help"}, names;
  const auto add = [&](const std::string& name, const std::string& flag) {
    if (!flags.insert(with_underscores(flag)).second) root.fail("the flag --" + flag + " is there twice");
    if (!names.insert(name).second) root.fail("the name '" + name + "' is there twice");
  };
  for (const PortSpec& port : component.inputs) add(port.name, port.flag);
  for (const PortSpec& port : component.outputs) add(port.name, port.flag);
  for (const ParameterSpec& parameter : component.parameters) add(parameter.name, parameter.flag);
  for (const ParameterSpec& setting : specs_.run_settings_) add(setting.name, setting.flag);
}

}  // namespace torchport::runtime
