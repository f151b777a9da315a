#include "models/directory/model_spec_writer.h"

#include "runtime/text/format.h"
#include "runtime/text/python_json.h"

namespace torchport::models {
namespace {

/// %Y-%m-%dT%H:%M:%S.%f+0000. YAML does not take this form, without a colon in the zone, for a time: it stays a text, as it must.
std::string utc(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<microseconds>(time - day));
  return runtime::formatted("%04d-%02u-%02uT%02d:%02d:%02d.%06d+0000", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                            static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                            static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
}

/// As PyYAML writes a float: without a point, 1e-05 would be a text to it.
std::string number(double value) {
  std::string digits = runtime::python_float(value);
  if (digits.find('.') == digits.npos) digits.insert(digits.find('e'), ".0");
  return digits;
}

std::string yes_no(bool value) { return value ? "true" : "false"; }

struct Scalar {
  std::string operator()(bool value) const { return yes_no(value); }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number(value); }
  std::string operator()(const runtime::Lengths&) const { throw std::logic_error("a network's parameter is a size"); }
  std::string operator()(const std::string& value) const { return runtime::python_string(value); }  // quoted: a text even if "no"
};

std::string channels(const std::string& key, const std::array<double, 3>& values) {
  std::string yaml = "      " + key + ":\n";
  for (const double value : values) yaml += "      - " + number(value) + "\n";
  return yaml;
}

}  // namespace

std::string model_spec_yaml(const ModelSpecFile& file, std::chrono::system_clock::time_point created) {
  const ModelSpec& model = file.model;
  std::string yaml = "flavor:\n  name: pytorch\n  serialization_method: state_dict\n";
  yaml += "model_file: " + file.weights_file + "\ntime_created: " + utc(created) + "\n";
  yaml += "flavor_extras:\n  module: " + model.component->architecture->module + "\n";
  yaml += "  class: " + model.component->architecture->class_name + "\n  is_parallel: false\n  is_cuda: false\n";
  yaml += "  init_params:\n    model_name: " + model.variant->name + "\n    pretrained: " + yes_no(model.pretrained) + "\n";
  for (const auto& [name, value] : model.parameters) yaml += "    " + name + ": " + std::visit(Scalar{}, value) + "\n";
  if (model.num_classes) yaml += "    num_classes: " + std::to_string(*model.num_classes) + "\n";
  yaml += "task_type: MultiClassification\n";
  if (!file.label_file.empty()) yaml += "label_map_file: " + file.label_file + "\n";
  if (model.mean && model.std_dev) {
    yaml += "inputs:\n- name: image\n  pre_processor:\n";
    yaml += "    module: azureml.designer.core.model.model_spec.builtin_model_meta.pre_processor\n    class: ImageNormalizer\n";
    yaml += "    init_params:\n" + channels("mean", *model.mean) + channels("std", *model.std_dev);
  }
  return yaml;
}

}  // namespace torchport::models
