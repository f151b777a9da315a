#include "models/directory/model_spec_reader.h"

#include <cmath>

#include "runtime/request/parse_value.h"
#include "runtime/spec/spec_map.h"
#include "runtime/text/text.h"
#include "runtime/text/yaml.h"

namespace torchport::models {
namespace {

using runtime::ParameterType;

constexpr std::string_view kPretrained = "pretrained";  // the entry of init_params that says where weights came from

/// Takes `digits` digits off `text` that form a number from `low` to `high`; -1 if they don't.
int take_digits(std::string_view& text, std::size_t digits, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min(digits, text.size()), value);
  if (error != std::errc() || static_cast<std::size_t>(end - text.data()) != digits || text[0] == '-') return -1;
  text.remove_prefix(digits);
  return value >= low && value <= high ? value : -1;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

/// Whether `text` is a time in the form %Y-%m-%dT%H:%M:%S.%f%z, which the original insists on.
bool is_time(std::string_view text) {
  const int year = take_digits(text, 4, 1, 9999);
  const int month = take(text, "-") ? take_digits(text, 2, 1, 12) : -1;
  const int day = take(text, "-") ? take_digits(text, 2, 1, 31) : -1;
  if (year < 0 || month < 0 || day < 0) return false;
  using namespace std::chrono;
  const bool real = year_month_day{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))}
                        .ok();
  if (!real || !take(text, "T") || take_digits(text, 2, 0, 23) < 0 || !take(text, ":") || take_digits(text, 2, 0, 59) < 0 ||
      !take(text, ":") || take_digits(text, 2, 0, 61) < 0 || !take(text, ".")) {
    return false;
  }
  const auto fraction = std::min(text.find_first_not_of("0123456789"), text.size());
  if (fraction < 1 || fraction > 6) return false;
  text.remove_prefix(fraction);
  if (text == "Z") return true;
  if (!take(text, "+") && !take(text, "-")) return false;
  if (take_digits(text, 2, 0, 23) < 0) return false;
  take(text, ":");
  return take_digits(text, 2, 0, 59) >= 0 && text.empty();
}

/// Reads one model_spec.yaml. `path` arguments name entries from the top: "flavor_extras.init_params".
class Reader {
 public:
  Reader(const YAML::Node& root, const ModelFault& fault) : root_(root), fault_(fault) {}

  ModelSpecFile read() {
    if (!root_.IsMap()) throw broken("it holds no entries");
    read_flavor();
    ModelSpecFile file;
    file.weights_file = text("model_file");
    if (has("time_created") && !is_time(text("time_created"))) {
      throw broken("time_created is '" + text("time_created") + "', which is not a time like 2026-01-31T12:00:00.000000+0000");
    }
    read_class(file.model);
    read_parameters(file.model);
    if (text("task_type") != "MultiClassification")
      throw broken("task_type is '" + text("task_type") + "', not MultiClassification");
    if (has("label_map_file")) file.label_file = text("label_map_file");
    read_inputs(file.model);
    return file;
  }

 private:
  runtime::Error broken(const std::string& reason) const { return fault_("broken_spec", {{"reason", reason}}); }

  /// The node at a path of keys, if it is there.
  std::optional<YAML::Node> find(std::string_view path) const {
    std::optional<YAML::Node> node = root_;
    while (!path.empty()) {
      const auto key = path.substr(0, path.find('.'));
      const YAML::Node parent = *node;
      if (!parent.IsMap() || !parent[std::string(key)]) return std::nullopt;
      node.emplace(parent[std::string(key)]);
      path.remove_prefix(std::min(key.size() + 1, path.size()));
    }
    return node;
  }
  bool has(std::string_view path) const { return find(path).has_value(); }

  YAML::Node required(std::string_view path) const {
    const auto node = find(path);
    if (!node) throw broken("it has no " + std::string(path));
    return *node;
  }

  std::string text(std::string_view path) const {
    const auto node = required(path);
    if (!node.IsScalar() || node.Scalar().empty()) throw broken(std::string(path) + " is not a text");
    return node.Scalar();
  }

  void read_flavor() const {
    const auto other = [&](const std::string& reason) { return fault_("not_pytorch", {{"reason", reason}}); };
    if (has("model_type") && !has("flavor")) throw other("it is a pickled model of the type '" + text("model_type") + "'");
    if (!has("flavor")) throw other("its model_spec.yaml names no flavor");
    for (const auto& [key, wanted] :
         {std::pair("flavor.name", "pytorch"), std::pair("flavor.serialization_method", "state_dict")}) {
      const auto found = has(key) ? text(key) : "";
      if (found != wanted) throw other(std::string(key) + " is '" + found + "', not " + wanted);
    }
  }

  void read_class(ModelSpec& model) const {
    const auto module = text("flavor_extras.module"), name = text("flavor_extras.class");
    model.component = runtime::Specs::get().by_model_class(module, name);
    if (model.component) return;
    std::vector<std::string> known;
    for (const auto& component : runtime::Specs::get().components()) {
      if (component.architecture) known.push_back(component.architecture->module + "." + component.architecture->class_name);
    }
    throw fault_("unknown_class", {{"class", module + "." + name}, {"known", runtime::join(known, ", ")}});
  }

  /// init_params: the arguments of the original's class, named like the parameters of its component.
  void read_parameters(ModelSpec& model) const {
    const std::string path = "flavor_extras.init_params";
    const auto name = text(path + ".model_name");
    model.variant = model.component->variant(name);
    if (!model.variant) {
      std::vector<std::string> names;
      for (const auto& variant : model.component->variants) names.push_back(variant.name);
      const auto near = runtime::nearest(name, names);
      throw fault_("unknown_model_name", {{"value", name},
                                          {"nearest", near.empty() ? "" : "Did you mean " + near + "? "},
                                          {"choices", runtime::join(names, ", ")}});
    }
    for (const auto& parameter : model.component->parameters) {
      if (!parameter.network && parameter.name != kPretrained) continue;
      const auto value = value_of(parameter, path + "." + parameter.name);
      if (!value) continue;
      if (parameter.network) {
        model.parameters[parameter.name] = *value;
      } else {
        model.pretrained = std::get<bool>(*value);
      }
    }
    if (has(path + ".num_classes")) model.num_classes = classes(path + ".num_classes");
    for (const auto& entry : required(path)) {  // a map, because it has a model_name
      const auto& key = entry.first.Scalar();
      const auto* const parameter = model.component->parameter(key);
      const bool known = key == "model_name" || key == kPretrained || key == "num_classes" || (parameter && parameter->network);
      if (!known) throw broken(path + " has the unknown entry '" + key + "'");
    }
  }

  /// What `entry` says, else the default; nothing for an optional parameter without either.
  std::optional<runtime::Value> value_of(const runtime::ParameterSpec& parameter, const std::string& entry) const {
    if (!has(entry)) {
      if (parameter.default_text) return runtime::parse_value(parameter, *parameter.default_text);
      if (parameter.optional) return std::nullopt;
      throw broken("it has no " + entry);
    }
    const std::string value = text(entry);
    const bool figure = parameter.type != ParameterType::string && parameter.type != ParameterType::choice;
    if (figure) refuse_quotes(entry);
    try {
      return runtime::parse_value(parameter, value);
    } catch (const runtime::Error&) {  // which speaks of a flag
      if (parameter.type == ParameterType::boolean) throw broken(entry + " is neither true nor false");
      throw broken(entry + " is '" + value + "'; allowed: " + parameter.allowed());
    }
  }

  /// A number in quotes is a text to the original.
  void refuse_quotes(const std::string& path) const {
    if (runtime::is_quoted(required(path))) throw broken(path + " is in quotes, which make a text of it");
  }

  std::int64_t classes(const std::string& path) const {
    refuse_quotes(path);
    const auto number = runtime::decimal_integer(text(path));
    if (!number || *number < 1 || *number > 1'000'000)
      throw broken(path + " is '" + text(path) + "', which is not a number of classes");
    return *number;
  }

  void read_inputs(ModelSpec& model) const {
    const auto inputs = find("inputs");
    if (!inputs) return;
    if (!inputs->IsSequence()) throw broken("inputs is not a list");
    for (const auto& input : *inputs) {
      const Reader reader(input, fault_);
      if (!input.IsMap() || !reader.has("pre_processor")) continue;
      const auto name = reader.text("pre_processor.class");
      if (name != "ImageNormalizer") throw broken("the pre_processor '" + name + "' is not known");
      model.mean = reader.channels("pre_processor.init_params.mean");
      model.std_dev = reader.channels("pre_processor.init_params.std");
      if (*std::min_element(model.std_dev->begin(), model.std_dev->end()) <= 0)
        throw broken("std holds a number that is not above 0");
    }
  }

  std::array<double, 3> channels(const std::string& path) const {
    const auto list = required(path);
    const auto fault = broken(path + " is not a list of three numbers");
    if (!list.IsSequence() || list.size() != 3) throw fault;
    std::array<double, 3> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (!list[i].IsScalar() || runtime::is_quoted(list[i])) throw fault;
      const auto& digits = list[i].Scalar();
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), numbers[i]);
      if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(numbers[i])) throw fault;
    }
    return numbers;
  }

  YAML::Node root_;
  const ModelFault& fault_;
};

}  // namespace

ModelSpecFile read_model_spec(std::string_view yaml, const ModelFault& fault) {
  try {
    return Reader(runtime::parse_yaml(yaml), fault).read();
  } catch (const runtime::YamlError& error) {
    throw fault("broken_spec", {{"reason", error.what()}});
  }
}

}  // namespace torchport::models
