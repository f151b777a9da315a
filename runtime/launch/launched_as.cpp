#include "runtime/launch/launched_as.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "runtime/launch/processing_units.h"

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

/// Names of a launcher's variables.
struct Names {
  const char *rank, *size, *local_rank, *local_size;
};

constexpr Names kOpenMpi{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                         "OMPI_COMM_WORLD_LOCAL_SIZE"};
constexpr Names kSlurm{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"};
constexpr Names kSlurmOfOld{"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_STEP_TASKS_PER_NODE"};
constexpr Names kPmix{"PMIX_RANK", "", "", ""};  // MPI knows the size
/// Their processes are not ranks of Open MPI: MPICH and Intel MPI, MVAPICH, IBM's jsrun, torchrun.
constexpr std::array kOthers = {
    Names{"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
    Names{"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE"},
    Names{"JSM_NAMESPACE_RANK", "JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_LOCAL_RANK", "JSM_NAMESPACE_LOCAL_SIZE"},
    Names{"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"}};

std::optional<LaunchedAs> read(const Names& names) {
  const auto rank = number_of(names.rank);
  if (!rank) return std::nullopt;
  LaunchedAs launched;
  launched.rank = *rank;
  launched.size = number_of(names.size).value_or(0);
  launched.local_rank = number_of(names.local_rank).value_or(0);
  launched.local_size = number_of(names.local_size).value_or(1);
  return launched;
}

/// All that the variables tell of, the likeliest first.
std::vector<LaunchedAs> candidates() {
  std::vector<LaunchedAs> found;
  const auto add = [&](std::optional<LaunchedAs> one) {
    if (one) found.push_back(*one);
  };
  add(read(kOpenMpi));
  // SLURM_STEP_ID is absent in the batch script itself, which is not a rank.
  if (!text_of("SLURM_STEP_ID").empty()) add(read(text_of(kSlurm.size).empty() ? kSlurmOfOld : kSlurm));
  if (found.empty()) add(read(kPmix));
  for (const Names& names : kOthers)
    if (auto one = read(names); one && one->size > 1) found.push_back(*one);
  return found;
}

bool begins_with_one_of(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(), [&](std::string_view one) { return name.starts_with(one); });
}

}  // namespace

std::optional<LaunchedAs> launched_as() {
  const auto all = candidates();
  const auto found = std::find_if(all.begin(), all.end(), [](const LaunchedAs& one) { return one.size != 1; });
  if (found == all.end()) return std::nullopt;
  LaunchedAs launched = *found;
  const std::string slurm_step = text_of("SLURM_STEP_ID");
  launched.bound = !text_of("OMPI_MCA_orte_bound_at_launch").empty() || !text_of("SLURM_CPU_BIND_LIST").empty();
  launched.job = harmless(text_of("PMIX_NAMESPACE"));
  if (launched.job.empty() && !slurm_step.empty()) launched.job = harmless(text_of("SLURM_JOB_ID") + "-" + slurm_step);
  if (launched.job.empty()) launched.job = harmless(text_of("OMPI_MCA_ess_base_jobid"));
  if (launched.job.empty()) launched.job = "job";
  return launched;
}

int processing_units_of(const std::optional<LaunchedAs>& launched, int local_size) {
  const int units = processing_units();
  return launched && launched->bound ? units : std::max(1, units / local_size);
}

void forget_launcher() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable; ++variable) {
    const std::string name(*variable, std::string_view(*variable).find('='));
    // What a user sets (OMPI_MCA_btl, OMPI_ALLOW_RUN_AS_ROOT) stays; what mpirun sets for its processes goes: it refuses to start
    // again where it finds that.
    if (begins_with_one_of(name, {"OMPI_MCA_orte_", "OMPI_MCA_ess_", "OMPI_MCA_pmix_", "OMPI_MCA_shmem_", "PMIX_"}) ||
        (name.starts_with("OMPI_") && !begins_with_one_of(name, {"OMPI_MCA_", "OMPI_ALLOW_RUN_AS_ROOT"})))
      names.push_back(name);
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

}  // namespace torchport::runtime
