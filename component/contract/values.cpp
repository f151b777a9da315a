#include "component/contract/values.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/pipeline/step_values.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
using json = nlohmann::ordered_json;
using runtime::ParameterSpec;
using runtime::ParameterType;

const std::string& Contract::needed_image() const {
  if (image.empty()) throw runtime::Error("NullOrEmpty.parameter", {{"flag", "image"}, {"title", "Image"}});
  return image;
}

bool is_script(const std::string& format) { return format == "mpijob" || format == "sbatch"; }

json json_of(const ParameterSpec& row, const runtime::Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth;
  const auto* const lengths = std::get_if<runtime::Lengths>(&value);
  if (row.type == ParameterType::size && lengths && lengths->size() == 1) return std::to_string(lengths->front());
  return runtime::text_of_value(value);
}

std::optional<json> default_of(const ParameterSpec& row) {
  return row.default_text ? std::optional(json_of(row, runtime::parse_value(row, *row.default_text))) : std::nullopt;
}

Bounds bounds_of(const ParameterSpec& row) {
  Bounds bounds;
  if (!row.range || !row.is_number()) return bounds;
  const bool whole = row.type == ParameterType::integer;
  constexpr double kEndless = std::numeric_limits<double>::infinity();
  const auto bound = [&](double value, bool open, double beyond) -> json {
    if (!whole) return open ? std::nextafter(value, beyond) : value;
    const double inside = beyond > 0 ? std::ceil(value) : std::floor(value);
    return static_cast<std::int64_t>(inside) + (open && inside == value ? (beyond > 0 ? 1 : -1) : 0);
  };
  if (row.range->low) bounds.least = bound(*row.range->low, row.range->low_open, kEndless);
  if (row.range->high) bounds.most = bound(*row.range->high, row.range->high_open, -kEndless);
  return bounds;
}

std::string meaning(const ParameterSpec& row) {
  const std::string unit = row.unit == "none" ? "" : " Unit: " + row.unit + ".";
  const bool told = row.type == ParameterType::string || row.type == ParameterType::boolean;
  return row.help + unit + (told ? "" : " Allowed: " + row.allowed() + ".");
}

bool is_text(const ParameterSpec& row) { return !row.is_number() && row.type != ParameterType::boolean; }

bool is_portable(const ParameterSpec& row) { return !(row.path && row.several); }

std::vector<const runtime::StepValue*> given_values(const runtime::Step& step, Contract& contract) {
  static const std::vector<std::string> kElsewhere = {"compute", "engine", "allow_run_as_root"},
                                        kNumbers = {"node_count", "process_count_per_node"};
  const auto is_one_of = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<const runtime::StepValue*> given;
  for (const auto* values : {&step.parameters, &step.run_settings})
    for (const runtime::StepValue& value : *values) {
      const std::string& name = value.spec->name;
      if (value.origin == "default" || is_one_of(kNumbers, name)) continue;
      if (is_one_of(kElsewhere, name)) {
        contract.notes.push_back(step.name + "." + name + " (" + value.text +
                                 ") is left out: what the text is for starts the step");
      } else {
        given.push_back(&value);
      }
    }
  return given;
}

std::int64_t run_number(const runtime::Step& step, const char* setting) {
  for (const runtime::StepValue& value : step.run_settings)
    if (value.spec->name == setting) return std::get<std::int64_t>(value.value);
  return 1;
}

std::string with_whole_paths(const ParameterSpec& row, const std::string& text) {
  const auto whole = [](const fs::path& path) {
    return is_address(path) ? path.string() : fs::absolute(path).lexically_normal().string();
  };
  if (!row.several) return whole(text);
  std::vector<std::string> lines;
  for (const std::string& line : runtime::split(text, '\n')) {
    const std::size_t folder = line.rfind('=') + 1;
    lines.push_back(line.substr(0, folder) + whole(line.substr(folder)));
  }
  return runtime::join(lines, "\n");
}

std::vector<NamedPath> paths_from_outside(const Contract& contract) {
  std::vector<NamedPath> paths;
  for (const runtime::Step& step : contract.pipeline.steps) {
    for (const runtime::StepInput& input : step.inputs)
      if (!input.is_wire()) paths.push_back({step.name + "." + input.port->name, input.path});
    for (const runtime::StepValue& value : step.parameters)
      if (value.spec->path && value.origin != "default")
        for (const fs::path& path : runtime::named_paths(*value.spec, value.text))
          paths.push_back({step.name + "." + value.spec->name, path});
  }
  return paths;
}

bool is_address(const fs::path& path) {
  return path.native().find("://") != path.native().npos || path.native().starts_with("azureml:");
}

std::string path_from(const fs::path& path, const fs::path& folder) {
  if (is_address(path) || path.is_absolute()) return path.string();
  const fs::path whole = fs::absolute(path).lexically_normal();
  const fs::path relative = whole.lexically_relative(fs::absolute(folder.empty() ? fs::path(".") : folder).lexically_normal());
  if (relative.empty()) return whole.string();
  return (relative.begin()->native().starts_with('.') ? "" : "./") + relative.string();
}

}  // namespace torchport::component
