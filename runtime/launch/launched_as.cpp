#include "runtime/launch/launched_as.h"

#include <cstdlib>

namespace torchport::runtime {
namespace {

std::string text_of(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

std::optional<int> number_of(const char* name) {
  const std::string text = text_of(name);
  int value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// Becomes part of a folder's name.
std::string harmless(std::string job) {
  for (char& letter : job)
    if (!std::isalnum(static_cast<unsigned char>(letter)) && letter != '-' && letter != '_') letter = '_';
  return job;
}

}  // namespace

std::optional<LaunchedAs> launched_as() {
  LaunchedAs launched;
  const std::string slurm_step = text_of("SLURM_STEP_ID");  // absent in the batch script itself, which is not a rank
  if (const auto rank = number_of("OMPI_COMM_WORLD_RANK")) {
    launched.rank = *rank;
    launched.size = number_of("OMPI_COMM_WORLD_SIZE").value_or(0);
    launched.local_rank = number_of("OMPI_COMM_WORLD_LOCAL_RANK").value_or(0);
    launched.local_size = number_of("OMPI_COMM_WORLD_LOCAL_SIZE").value_or(1);
  } else if (const auto process = number_of("SLURM_PROCID"); process && !slurm_step.empty()) {
    launched.rank = *process;
    launched.size = number_of("SLURM_STEP_NUM_TASKS").value_or(number_of("SLURM_NTASKS").value_or(0));
    launched.local_rank = number_of("SLURM_LOCALID").value_or(0);
    launched.local_size = number_of("SLURM_STEP_TASKS_PER_NODE").value_or(1);
  } else if (const auto pmix = number_of("PMIX_RANK")) {
    launched.rank = *pmix;
    launched.size = 0;
  } else {
    return std::nullopt;
  }
  launched.bound = !text_of("OMPI_MCA_orte_bound_at_launch").empty() || !text_of("SLURM_CPU_BIND_LIST").empty();
  launched.job = harmless(text_of("PMIX_NAMESPACE"));
  if (launched.job.empty() && !slurm_step.empty()) launched.job = harmless(text_of("SLURM_JOB_ID") + "-" + slurm_step);
  if (launched.job.empty()) launched.job = harmless(text_of("OMPI_MCA_ess_base_jobid"));
  if (launched.job.empty()) launched.job = "job";
  return launched;
}

}  // namespace torchport::runtime
