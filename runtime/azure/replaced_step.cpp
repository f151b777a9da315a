#include "runtime/azure/replaced_step.h"

#include <algorithm>
#include <set>

#include "runtime/azure/component.h"
#include "runtime/azure/step_draft.h"
#include "runtime/pipeline/wires.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"

namespace torchport::runtime::azure {
namespace {

constexpr std::size_t kShortestStem = 3;  ///< "val" of "validation"

/// Whether the first words begin alike: train_data, training_dataset.
bool begins_alike(const std::string& input, const std::string& port) {
  const std::string one = bare(input.substr(0, input.find_first_of("_-"))), other = bare(port.substr(0, port.find('_')));
  const std::size_t length = std::min(one.size(), other.size());
  return length >= kShortestStem && one.compare(0, length, other, 0, length) == 0;
}

class Replacement {
 public:
  Replacement(DraftStep& made, const JobStep& step, Wiring& wiring, Draft& draft)
      : made_(made), step_(step), wiring_(wiring), draft_(draft) {
    for (const DeclaredInput& input : step.azure_component.inputs) inputs_.push_back(input.name);
    for (const auto& [name, value] : step.given)
      if (std::find(inputs_.begin(), inputs_.end(), name) == inputs_.end()) inputs_.push_back(name);
  }

  void ports() {
    const auto by_name = [&](const PortSpec& port, const std::string& input) {
      return bare(input) == bare(port.name) || bare(input) == bare(port.flag) || bare(input) == bare(port.title);
    };
    const auto by_words = [&](const PortSpec& port, const std::string& input) {
      return may_enter(port, input) && begins_alike(input, port.name);
    };
    const auto by_type = [&](const PortSpec& port, const std::string& input) { return surely_enters(port, input); };
    for (const PortSpec& port : step_.component->inputs) {
      const std::string input = first(port, by_name).empty() ? first(port, by_words) : first(port, by_name);
      take(port, input.empty() ? only(port, by_type) : input);
    }
  }

  void parameters() {
    for (const std::string& input : inputs_) {
      const Bound value = step_.value(input);
      if (used_.count(input) || value.kind != Bound::Kind::text) continue;
      const ParameterSpec* const row = parameter_like(*step_.component, input);
      if (!row || !fits_value(*row, value.text)) continue;
      add_parameter(made_, *row, value, step_, draft_);
      if (bare(input) != bare(row->name))
        draft_.note(value.place, step_.where() + ": its input " + input + " is taken as " + row->name);
      used_.insert(input);
    }
    std::vector<std::string> rest;
    for (const std::string& input : inputs_)
      if (!used_.count(input) && step_.value(input).kind != Bound::Kind::none) rest.push_back(input);
    if (!rest.empty())
      draft_.note(step_.place, step_.where() + ": " + step_.component->name + " has no use for its inputs " + join(rest, ", "));
  }

 private:
  /// Whether the wire of an input has a type that the port takes.
  bool surely_enters(const PortSpec& port, const std::string& input) const {
    const Bound bound = step_.value(input);
    const PortSpec* const from = bound.kind == Bound::Kind::wire ? wiring_.source_port(bound) : nullptr;
    return from && fits(Specs::get().type(from->type), Specs::get().type(port.type));
  }
  /// The same, or nobody can tell: it comes from outside, or from a step that is left out.
  bool may_enter(const PortSpec& port, const std::string& input) const {
    const Bound bound = step_.value(input);
    if (bound.kind == Bound::Kind::wire) return !wiring_.source_port(bound) || surely_enters(port, input);
    return !bound.input.empty() || bound.text.find('/') != std::string::npos;
  }

  template <class Rule>
  std::vector<std::string> those(const PortSpec& port, Rule&& rule) const {
    std::vector<std::string> found;
    for (const std::string& input : inputs_)
      if (!used_.count(input) && rule(port, input)) found.push_back(input);
    return found;
  }
  template <class Rule>
  std::string first(const PortSpec& port, Rule&& rule) const {
    const auto found = those(port, rule);
    return found.empty() ? "" : found.front();
  }
  template <class Rule>
  std::string only(const PortSpec& port, Rule&& rule) const {
    const auto found = those(port, rule);
    return found.size() == 1 ? found.front() : "";
  }

  void take(const PortSpec& port, const std::string& input) {
    if (input.empty()) {
      if (port.optional || make_network(port)) return;
      const std::string wire = draft_.input(step_.azure + "_" + port.name, "", step_.place);
      draft_.note(step_.place,
                  step_.where() + ": no input of the job can be its " + port.what() + ": give its path, --set " + wire + "=PATH");
      made_.inputs.push_back({port.name, wire, step_.place});
      return;
    }
    used_.insert(input);
    const Bound bound = step_.value(input);
    const std::string wire = wiring_.port(step_, input, bound);
    if (wire.empty()) return;
    made_.inputs.push_back({port.name, wire, bound.place.empty() ? step_.place : bound.place});
    draft_.note(bound.place.empty() ? step_.place : bound.place,
                step_.where() + ": its input " + input + " is taken as " + port.name);
  }

  bool fits_value(const ParameterSpec& row, const std::string& text) {
    try {
      understand(row, text);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  /// A step before this one that makes its model, where a value of the job is the name of a network.
  bool make_network(const PortSpec& port) {
    for (const ComponentSpec& maker : Specs::get().components()) {
      if (maker.variants.empty() || maker.outputs.size() != 1 || maker.outputs[0].type != port.type) continue;
      for (const std::string& input : inputs_) {
        const Bound value = step_.value(input);
        if (used_.count(input) || value.kind != Bound::Kind::text || !maker.variant(value.text)) continue;
        DraftStep network{step_.name + "_network", step_.place, &maker, {}, {}, {}};
        for (const ParameterSpec& row : maker.parameters) {
          if (std::find(row.choices.begin(), row.choices.end(), value.text) != row.choices.end())
            network.parameters.push_back(
                {row.name, value.text, value.place, value.input.empty() ? "" : draft_.value(value.input, value.text, value.place)});
          if (row.name == "pretrained") network.parameters.push_back({row.name, "false", step_.place});
        }
        draft_.note(value.place, step_.where() + ": its " + input + " is " + value.text + ", which the step " + network.name +
                                     " makes, with random weights: --set " + network.name +
                                     ".pretrained=True starts from ImageNet's");
        made_.inputs.push_back({port.name, network.name + "." + maker.outputs[0].name, value.place});
        draft_.steps.push_back(std::move(network));
        used_.insert(input);
        return true;
      }
    }
    return false;
  }

  DraftStep& made_;
  const JobStep& step_;
  Wiring& wiring_;
  Draft& draft_;
  std::vector<std::string> inputs_;
  std::set<std::string> used_;
};

}  // namespace

void follow_names(DraftStep& made, const JobStep& step, Wiring& wiring, Draft& draft) {
  draft.note(step.place, step.where() + ": " + step.component->name + " takes the place of its own program");
  Replacement replacement(made, step, wiring, draft);
  replacement.ports();
  replacement.parameters();
}

}  // namespace torchport::runtime::azure
