// An MPIJob of Kubeflow's MPI operator (v2beta1): the launcher goes through the steps, and those of several processes are started
// on the workers by mpirun.
#include <algorithm>

#include "component/contract/script.h"
#include "component/contract/values.h"
#include "runtime/text/yaml_writer.h"

namespace torchport::component {
using json = nlohmann::ordered_json;
namespace {

constexpr const char *kData = "/data", *kClaim = "torchport-data";

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

/// A replica whose one container sees the data.
json replica(std::int64_t count, const std::string& name, const std::string& image, const std::vector<std::string>& script) {
  json container = {{"name", name}, {"image", image}};
  if (!script.empty()) {
    container["command"] = {"bash", "-c"};
    container["args"] = json::array({runtime::literal(script)});
  }
  container["volumeMounts"] = json::array({{{"name", "data"}, {"mountPath", kData}}});
  const json volume = {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", kClaim}}}};
  return {{"replicas", count},
          {"restartPolicy", "Never"},
          {"template", {{"spec", {{"containers", json::array({container})}, {"volumes", json::array({volume})}}}}}};
}

void note_paths(Contract& contract) {
  for (const auto& [name, path] : paths_from_outside(contract))
    if (!path.native().starts_with(std::string(kData) + "/"))
      contract.notes.push_back(name + " is " + path.string() + ": the pods see " + kData + " alone, the claim " + kClaim +
                               "; --set inputs.NAME=" + kData + "/..., or " + name + " itself, says where it lies there");
}

}  // namespace

std::string mpijob(Contract& contract) {
  const Processes most = most_processes(contract.pipeline);
  const std::string& image = contract.needed_image();
  note_paths(contract);
  std::vector<std::string> script = {"set -euo pipefail", std::string("out=") + kData + "/" + contract.name()};
  const auto start = [](const Processes& processes) {
    if (processes.all() == 1) return std::string();
    return "mpirun --allow-run-as-root -np " + std::to_string(processes.all()) + " --map-by ppr:" + std::to_string(processes.each) +
           ":node ";
  };
  for (const std::string& line : step_lines(contract, start)) script.push_back(line);
  const json document = {
      {"apiVersion", "kubeflow.org/v2beta1"},
      {"kind", "MPIJob"},
      {"metadata", {{"name", dashed(contract.name())}}},
      {"spec",
       {{"slotsPerWorker", most.each},
        {"launcherCreationPolicy", "WaitForWorkersReady"},
        {"runPolicy", {{"cleanPodPolicy", "Running"}}},
        {"mpiReplicaSpecs",
         {{"Launcher", replica(1, "launcher", image, script)}, {"Worker", replica(most.nodes, "worker", image, {})}}}}}};
  return "# Written by torchport contract. The image has torchport, Open MPI and sshd; the claim " + std::string(kClaim) +
         " has the inputs, and gets the outputs.\n" + runtime::yaml_of(document);
}

}  // namespace torchport::component
