#include "runtime/azure/run_settings.h"

#include "runtime/spec/spec_map.h"

namespace torchport::runtime::azure {
namespace {

/// What the job says, else its component: a whole number from 1, or 1.
std::int64_t count_at(const JobStep& step, const char* section, const char* key, std::string& place) {
  for (const bool own : {true, false}) {
    const YAML::Node map = own ? step.node[section] : step.azure_component.node[section];
    if (!map || !map.IsMap() || !map[key]) continue;
    FileFaults& faults = own ? *step.faults : *step.azure_component.faults;
    const Bound bound = bind(map[key], own ? *step.scope : Scope{}, faults);
    place = bound.place;
    const auto count = decimal_integer(bound.text);
    if (count && *count >= 1) return *count;
    faults.add(map[key], "FileParsingFailed.azure",
               {{"reason", std::string(key) + " of " + step.azure + " must be a whole number from 1"}});
    return 1;
  }
  return 1;
}

void note_others(const JobStep& step, const char* section, const std::string& known, Draft& draft) {
  const YAML::Node map = step.node[section];
  if (!map || !map.IsMap()) return;
  for (const auto& entry : map)
    if (entry.first.Scalar() != known && entry.first.Scalar() != "type")
      draft.ignore(step.faults->place(entry.first), step.where(), entry.first.Scalar());
}

}  // namespace

void add_run_settings(DraftStep& made, const JobStep& step, Draft& draft) {
  std::string place = step.place;
  const std::int64_t nodes = count_at(step, "resources", "instance_count", place);
  const std::int64_t processes = count_at(step, "distribution", "process_count_per_instance", place);
  note_others(step, "resources", "instance_count", draft);
  note_others(step, "distribution", "process_count_per_instance", draft);
  const std::string all = std::to_string(nodes * processes);
  if (nodes * processes == 1) return;
  if (!made.component->distributed) {
    draft.note(place, step.where() + ": it runs as one process, not as " + all);
    return;
  }
  made.run.push_back({"process_count_per_node", all, place});
  if (nodes > 1)
    draft.note(place, step.where() + ": " + std::to_string(nodes) + " machines of " + std::to_string(processes) + " are " + all +
                          " processes of this machine, which compute the same: --set " + made.name +
                          ".node_count=" + std::to_string(nodes) + " --set " + made.name +
                          ".process_count_per_node=" + std::to_string(processes) + " with a compute has machines");
}

}  // namespace torchport::runtime::azure
