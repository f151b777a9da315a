#include "models/nn/find_network.h"

#include <algorithm>
#include <cstdlib>

#include "models/nn/state_dict.h"
#include "models/weights/match.h"
#include "models/weights/mismatches.h"
#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

ModelSpec spec_of(const runtime::ComponentSpec& component, const runtime::Variant& variant) {
  ModelSpec spec;
  spec.component = &component;
  spec.variant = &variant;
  return spec;
}

/// How far the size of the file's dicts is from the variant's number of parameters: batch norms' statistics and a head of other
/// classes make a little difference.
std::int64_t distance(const StateDictFile& file, const runtime::Variant& variant) {
  std::int64_t least = INT64_MAX;
  for (const StateDictPart& part : file.parts()) {
    std::int64_t elements = 0;
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      if (is_floating(file.entries()[i].dtype)) elements += file.entries()[i].elements();
    }
    least = std::min(least, std::abs(elements - variant.integer("parameters")));
  }
  return least;
}

/// All that are known, those first of which the file may well be: building one takes up to a second.
std::vector<ModelSpec> candidates(const StateDictFile& file) {
  std::vector<ModelSpec> specs;
  for (const auto& component : runtime::Specs::get().components()) {
    if (!component.architecture) continue;
    for (const auto& variant : component.variants) specs.push_back(spec_of(component, variant));
  }
  std::stable_sort(specs.begin(), specs.end(),
                   [&](const ModelSpec& a, const ModelSpec& b) { return distance(file, *a.variant) < distance(file, *b.variant); });
  return specs;
}

/// How many entries of the file and the network are not the other's, heads and counters aside.
std::size_t differences(const StateDictFile& file, const ClassifierModule& network, const std::string& head, std::int64_t outputs) {
  const auto own = entries_of(network, "", head, outputs);
  const Match match = match_weights(file, own, head);
  const auto counts = [&](const TensorEntry& entry) { return !is_counter(entry.key) && !entry.key.starts_with(head + "."); };
  const auto wanted = static_cast<std::size_t>(std::count_if(own.begin(), own.end(), counts));
  const auto strange = [&](std::size_t i) { return belongs_to_larger_network(file.entries()[i], match, own, head); };
  return wanted - match.fits + static_cast<std::size_t>(std::count_if(match.extra.begin(), match.extra.end(), strange));
}

std::string known_networks() {
  std::vector<std::string> names;
  for (const auto& component : runtime::Specs::get().components()) {
    for (const auto& variant : component.variants) names.push_back(variant.name);
  }
  return runtime::join(names, ", ");
}

/// The network of a file that is of none: its first differences are the rows of the error.
[[noreturn]] void refuse(const StateDictFile& file, FoundNetwork& nearest, std::size_t count, const std::filesystem::path& path) {
  const runtime::Fields fields = {{"path", path.string()},
                                  {"model", nearest.spec.variant->name},
                                  {"count", std::to_string(count)},
                                  {"known", known_networks()}};
  try {
    load_weights_file(*nearest.network, file, nearest.spec, "weights file");
  } catch (const runtime::Error& error) {
    throw runtime::Error("InvalidModelDirectory.unknown_network", fields, error.details());
  }
  throw std::logic_error("weights of no network fit " + nearest.spec.variant->name);
}

}  // namespace

FoundNetwork find_network(const StateDictFile& file, std::int64_t outputs, const std::filesystem::path& path) {
  FoundNetwork nearest;
  std::size_t least = SIZE_MAX;
  for (ModelSpec& spec : candidates(file)) {
    FoundNetwork found{spec, make_classifier(spec, outputs, /*seed=*/0, Drawn::head), {}};
    const std::size_t count = differences(file, *found.network, spec.component->architecture->head, outputs);
    if (count < least) nearest = std::move(found);
    least = std::min(least, count);
    if (least == 0) break;
  }
  if (least > 0) refuse(file, nearest, least, path);
  nearest.weights = load_weights_file(*nearest.network, file, nearest.spec, "weights file");
  if (nearest.weights.head == Head::kept) return nearest;
  const auto& found = nearest.weights.head_outputs;
  throw runtime::Error(found ? "InvalidModelDirectory.other_outputs" : "InvalidModelDirectory.no_head",
                       {{"path", path.string()},
                        {"model", nearest.spec.variant->name},
                        {"component", nearest.spec.component->name},
                        {"found", std::to_string(found.value_or(0))},
                        {"count", std::to_string(outputs)}});
}

}  // namespace torchport::models
