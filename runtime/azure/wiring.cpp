#include "runtime/azure/wiring.h"

#include <algorithm>

namespace torchport::runtime::azure {

const JobStep* Wiring::source(const Bound& wire, std::string& output) const {
  Bound at = wire;
  for (auto inner = job_.outputs.find(at.step + "." + at.output); inner != job_.outputs.end();
       inner = job_.outputs.find(at.step + "." + at.output))
    at = inner->second;
  const auto found = std::find_if(job_.steps.begin(), job_.steps.end(), [&](const JobStep& one) { return one.azure == at.step; });
  output = at.output;
  return found == job_.steps.end() ? nullptr : &*found;
}

const PortSpec* Wiring::source_port(const Bound& wire) const {
  std::string output;
  const JobStep* const from = source(wire, output);
  if (!from || !from->component) return nullptr;
  if (const auto port = from->outputs.find(output); port != from->outputs.end()) return from->component->output(port->second);
  // Of a step that --replace put there the names are another program's.
  return from->replaced && from->component->outputs.size() == 1 ? &from->component->outputs.front() : nullptr;
}

std::string Wiring::port(const JobStep& step, const std::string& input, const Bound& bound) {
  const auto unset = [&](const std::string& name, const std::string& why) {
    const std::string wire = draft_.input(name, "", bound.place.empty() ? step.place : bound.place);
    draft_.note(bound.place.empty() ? step.place : bound.place,
                step.where() + ": " + why + ": give its path, --set " + wire + "=PATH");
    return wire;
  };
  const std::string own = bound.input.empty() ? step.azure + "_" + input : bound.input;
  if (bound.kind == Bound::Kind::none) return unset(own, "the input " + input + " has no value");
  if (bound.kind == Bound::Kind::text) {
    if (is_in_cloud(bound.text)) return unset(own, "the input " + input + " is in the cloud (" + bound.text + ")");
    if (is_of_drive(bound.text)) return unset(own, "the input " + input + " is a path of Windows (" + bound.text + ")");
    const std::string path = local_path(bound.text);
    if (is_of_windows(bound.text)) draft_.note(bound.place, step.where() + ": " + bound.text + " is taken as " + path);
    return draft_.input(own, draft_.from_here(bound.base, path), bound.place);
  }
  std::string output;
  const JobStep* const from = source(bound, output);
  if (!from) {
    step.faults->add(Error("FileParsingFailed.azure",
                           {{"reason", "there is no job '" + bound.step + "' with an output '" + bound.output + "'"}}),
                     bound.place);
    return "";
  }
  if (!from->component)
    return unset(from->azure + "_" + output, "the input " + input + " comes from " + from->azure + ", which is left out");
  const PortSpec* const port = source_port(bound);
  if (port) return from->name + "." + port->name;
  step.faults->add(
      Error("FileParsingFailed.azure", {{"reason", "the command of " + from->azure + " writes no output '" + output + "'"}}),
      bound.place);
  return "";
}

}  // namespace torchport::runtime::azure
