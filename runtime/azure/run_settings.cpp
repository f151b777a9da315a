#include "runtime/azure/run_settings.h"

#include "runtime/azure/component.h"
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

/// Refuses a launcher that gives the processes no common world, as the training has it.
void check_distribution(const JobStep& step) {
  for (const bool own : {true, false}) {
    const YAML::Node map = own ? step.node["distribution"] : step.azure_component.node["distribution"];
    if (!map || !map.IsMap() || !map["type"]) continue;
    const std::string type = bare(map["type"].IsScalar() ? map["type"].Scalar() : "");
    if (type != "mpi" && type != "pytorch")
      (own ? step.faults : step.azure_component.faults)
          ->add(map["type"], "FileParsingFailed.azure",
                {{"reason",
                  "the distribution of " + step.azure + " is '" + type + "'; the designer's training runs under mpi or pytorch"}});
    return;
  }
}

}  // namespace

void add_run_settings(DraftStep& made, const JobStep& step, const ImportOptions& options, Draft& draft) {
  std::string place = step.place;
  check_distribution(step);
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
  const auto add = [&](const char* name, std::int64_t count) {
    if (count > 1) made.run.push_back({name, std::to_string(count), place});
  };
  add("node_count", options.one_machine ? 1 : nodes);
  add("process_count_per_node", options.one_machine ? nodes * processes : processes);
  if (nodes == 1) return;
  const std::string set = "--set " + made.name + ".";
  draft.note(place,
             step.where() + ": " + std::to_string(nodes) + " machines of " + std::to_string(processes) + " are a world of " + all +
                 " processes, by which the learning rate and the images of an update are multiplied; " +
                 (options.one_machine ? "this machine runs all of them, to the same result: " + set + "compute=NAME has machines"
                                      : "on one machine: " + set + "node_count=1 " + set + "process_count_per_node=" + all));
}

}  // namespace torchport::runtime::azure
