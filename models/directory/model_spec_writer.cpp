// The writing half of models/directory/model_spec_file.h.
#include <cstdio>

#include "models/directory/model_spec_file.h"

namespace torchport::models {
namespace {

/// %Y-%m-%dT%H:%M:%S.%f+0000. YAML does not take this form, without a colon in the zone, for a time: it stays a text, as it must.
std::string utc(std::chrono::system_clock::time_point time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<microseconds>(time - day));
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%06d+0000", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

/// As Python writes a float: the shortest form, with a point.
std::string number(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  const std::string digits(text, end);
  return digits.find_first_of(".e") == digits.npos ? digits + ".0" : digits;
}

std::string yes_no(bool value) { return value ? "true\n" : "false\n"; }

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
  yaml += "  init_params:\n    model_name: " + model.variant->name + "\n    pretrained: " + yes_no(model.pretrained);
  for (const auto& [name, flag] : model.flags) yaml += "    " + name + ": " + yes_no(flag);
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
