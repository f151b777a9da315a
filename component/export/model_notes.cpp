#include "component/export/model_notes.h"

#include "runtime/text/json.h"
#include "runtime/text/text.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

using Json = nlohmann::json;

constexpr runtime::JsonLimits kLimits{16, 2'000'000};
constexpr std::int64_t kLongest = 65535;  ///< pixels of an edge

/// As UTF-8 whatever the labels are made of.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::optional<std::int64_t> edge(const Notes& notes, const std::string& name) {
  const auto found = notes.find(name);
  if (found == notes.end()) return std::nullopt;
  const auto number = runtime::whole_number(runtime::parse_json(found->second, kLimits));
  if (!number || *number < 1 || *number > kLongest) throw std::runtime_error("it is not a length in pixels");
  return number;
}

std::vector<std::string> labels_of(const std::string& text) {
  const Json list = runtime::parse_json(text, kLimits);
  const auto is_label = [](const Json& item) { return item.is_string() && !item.get_ref<const std::string&>().empty(); };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_label)) throw std::runtime_error("it is not a list of names");
  auto labels = list.get<std::vector<std::string>>();
  if (std::set<std::string>(labels.begin(), labels.end()).size() != labels.size()) throw std::runtime_error("it has a name twice");
  return labels;
}

std::array<double, 3> channels(const std::string& text, double low) {
  const Json list = runtime::parse_json(text, kLimits);
  const auto is_good = [&](const Json& item) { return item.is_number() && item.get<double>() > low; };
  if (!list.is_array() || list.size() != 3 || !std::all_of(list.begin(), list.end(), is_good))
    throw std::runtime_error("it is not a list of three numbers that are possible here");
  return list.get<std::array<double, 3>>();
}

/// Reads with `read` what the notes say under `name`; what is wrong with it goes into `doubts`.
template <class Read>
void read_one(const std::string& name, std::vector<std::string>& doubts, Read&& read) {
  try {
    read();
  } catch (const std::runtime_error& error) {
    doubts.push_back("Its metadata '" + name + "' is not used: " + error.what() + ".");
  }
}

}  // namespace

Notes notes_of(const ExportedModel& model) {
  Notes notes = {{"architecture", model.spec.variant->name},
                 {"labels", text_of(model.spec.labels)},
                 {"mean", text_of(model.normalisation.mean)},
                 {"std", text_of(model.normalisation.std_dev)},
                 {"producer", "torchport " + runtime::version()}};
  if (model.size) {
    notes["height"] = std::to_string(model.size->height);
    notes["width"] = std::to_string(model.size->width);
  }
  if (model.transformation) notes["transforms"] = model.transformation->json();
  return notes;
}

ModelNotes read_notes(const Notes& notes) {
  ModelNotes result;
  read_one("labels", result.doubts, [&] {
    if (notes.contains("labels")) result.labels = labels_of(notes.at("labels"));
  });
  read_one("mean and std", result.doubts, [&] {
    if (notes.contains("mean") && notes.contains("std"))
      result.normalisation = {channels(notes.at("mean"), std::numeric_limits<double>::lowest()), channels(notes.at("std"), 0)};
  });
  read_one("height, width and transforms", result.doubts, [&] {
    const auto height = edge(notes, "height"), width = edge(notes, "width");
    if (!height || !width) return;
    models::ModelInput input{*height, *width, std::nullopt};
    if (notes.contains("transforms")) input.transforms = datasets::Transformation::parse(notes.at("transforms")).json();
    result.input = input;
  });
  return result;
}

}  // namespace torchport::component
