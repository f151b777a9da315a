// A script for Slurm's sbatch: the steps one after the other within one job, each by srun on as many nodes as it wants.
#include "component/contract/script.h"
#include "component/contract/values.h"

namespace torchport::component {

std::string sbatch(Contract& contract) {
  const Processes most = most_processes(contract.pipeline);
  const std::string& name = contract.name();
  std::string text =
      "#!/bin/bash\n# " + name +
      ", written by torchport contract. sbatch takes it as it is, and more options before it: -p, -t, --cpus-per-task.\n";
  text += "# Outputs are in $TORCHPORT_OUTPUT, else in " + name +
          " beside the folder that it is submitted from; that disk is the nodes' own, too.\n";
  text += "#SBATCH --job-name=" + name + "\n#SBATCH --nodes=" + std::to_string(most.nodes) +
          "\n#SBATCH --ntasks-per-node=" + std::to_string(most.each) + "\n#SBATCH --output=" + name +
          "-%j.log\n#SBATCH --open-mode=append\n";
  text += "set -euo pipefail\nout=${TORCHPORT_OUTPUT:-$SLURM_SUBMIT_DIR/" + name + "}\n";
  text += "# A step whose output is there is passed over: a job that was put into the queue again goes on.\n";
  const auto start = [](const Processes& processes) {
    const std::string counts =
        " --nodes=" + std::to_string(processes.nodes) + " --ntasks-per-node=" + std::to_string(processes.each);
    return "srun --mpi=pmix --kill-on-bad-exit=1" + counts + " --ntasks=" + std::to_string(processes.all()) + " ";
  };
  for (const auto& [input, path] : paths_from_outside(contract))
    if (is_address(path))
      contract.notes.push_back(input + " is " + path.string() +
                               ", an address that no node can read: download it; --set inputs.NAME=FOLDER says where it lies");
  for (const std::string& line : step_lines(contract, start)) text += line + "\n";
  return text;
}

}  // namespace torchport::component
