#include "models/directory/model_input.h"

#include <nlohmann/json.hpp>

#include "runtime/files/files.h"
#include "runtime/text/json.h"

namespace torchport::models {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kLongest = 65535;
constexpr runtime::JsonLimits kLimits{16, 10'000};

std::int64_t edge(const Json& input, const char* key) {
  const auto found = input.find(key);
  if (found == input.end() || !found->is_number_integer() || *found < 1 || *found > kLongest)
    throw std::runtime_error("its " + std::string(key) + " is not a whole number, 1 to " + std::to_string(kLongest));
  return found->get<std::int64_t>();
}

ModelInput parse(const std::string& text) {
  const Json input = runtime::parse_ordered_json(text, kLimits);
  if (!input.is_object()) throw std::runtime_error("it is not a JSON object");
  ModelInput read{edge(input, "height"), edge(input, "width"), std::nullopt};
  if (input.contains("transforms")) read.transforms = input["transforms"].dump(-1, ' ', true);
  return read;
}

}  // namespace

std::string model_input_json(const ModelInput& input) {
  Json json = {{"height", input.height}, {"width", input.width}};
  if (input.transforms) json["transforms"] = runtime::parse_ordered_json(*input.transforms, kLimits);
  return json.dump(-1, ' ', true) + "\n";
}

std::optional<ModelInput> read_model_input(const ModelFault& fault) {
  std::error_code absent;
  if (!fs::exists(fs::symlink_status(fault.root / kInputFile, absent))) return std::nullopt;
  try {
    return parse(runtime::read_file(runtime::resolve_inside(fault.root, kInputFile), runtime::kSmallText));
  } catch (const std::runtime_error& error) {
    throw fault("broken_input", {{"reason", error.what()}});
  }
}

}  // namespace torchport::models
