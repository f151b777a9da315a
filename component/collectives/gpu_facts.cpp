#include "component/collectives/gpu_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/text/json.h"

namespace torchport::component {

// By the name lookup of nlohmann's, which does not look into a namespace without a name.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GpuFacts, rank, host, visible, bus_id, gpu, slice, driver, nccl, libtorch, shared_memory)

namespace {

using runtime::Error;
using Facts = std::vector<const GpuFacts*>;

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
/// NCCL keeps about 10 MiB for each channel between two processes of a machine (NVIDIA/nccl issue 342), and has a few of them.
constexpr std::int64_t kSharedMemoryOfARank = 32 * kMebibyte;

std::map<std::string, Facts> by_host(const std::vector<GpuFacts>& all) {
  std::map<std::string, Facts> hosts;
  for (const GpuFacts& of : all) hosts[of.host].push_back(&of);
  return hosts;
}

std::string place_of(const GpuFacts& of) { return "rank " + std::to_string(of.rank) + " (host " + of.host + ")"; }

/// GPUs that the processes of a machine see together.
std::size_t gpus_of(const Facts& local) {
  std::set<std::string> taken;
  int most = 0;
  for (const GpuFacts* of : local) {
    most = std::max(most, of->visible);
    if (!of->bus_id.empty()) taken.insert(of->bus_id);
  }
  return most == 1 ? taken.size() : static_cast<std::size_t>(most);
}

void check_count(const std::string& host, const Facts& local, std::vector<Error>& faults) {
  const std::size_t gpus = gpus_of(local);
  const std::string most = std::to_string(gpus);
  if (gpus < local.size()) {
    faults.emplace_back("FailedToCompleteOperation.few_gpus", runtime::Fields{{"host", host},
                                                                              {"gpus", most + (gpus == 1 ? " GPU" : " GPUs")},
                                                                              {"most", most},
                                                                              {"processes", std::to_string(local.size())}});
    return;
  }
  std::map<std::string, const GpuFacts*> owners;
  for (const GpuFacts* of : local) {
    const auto [owner, is_first] = owners.emplace(of->bus_id, of);
    if (is_first) continue;
    faults.emplace_back("FailedToCompleteOperation.same_gpu",
                        runtime::Fields{{"one", "rank " + std::to_string(owner->second->rank)},
                                        {"other", "rank " + std::to_string(of->rank)},
                                        {"bus_id", of->bus_id},
                                        {"host", host},
                                        {"most", most}});
    return;
  }
}

void check_shared_memory(const std::string& host, const Facts& local, std::vector<Error>& faults) {
  const auto wanted = kSharedMemoryOfARank * static_cast<std::int64_t>(local.size());
  const std::int64_t found = local.front()->shared_memory;
  if (local.size() == 1 || found >= wanted) return;
  faults.emplace_back("FailedToCompleteOperation.shared_memory", runtime::Fields{{"host", host},
                                                                                 {"found", std::to_string(found / kMebibyte)},
                                                                                 {"wanted", std::to_string(wanted / kMebibyte)},
                                                                                 {"processes", std::to_string(local.size())}});
}

/// "rank 3 (host b) has 12.8, the others 13.0": the fewest are the odd ones, of equally many those of higher ranks. "": all are
/// alike.
template <class Value>
std::string difference(const std::vector<GpuFacts>& all, const Value& value) {
  std::map<std::string, int> counts;
  for (const GpuFacts& of : all) ++counts[value(of)];
  if (counts.size() == 1) return "";
  std::string common = value(all.front());
  for (const GpuFacts& of : all)
    if (counts[value(of)] > counts[common]) common = value(of);
  const auto odd = std::find_if(all.begin(), all.end(), [&](const GpuFacts& of) { return value(of) != common; });
  return place_of(*odd) + " has " + value(*odd) + ", " + (all.size() == 2 ? "the other " : "most others ") + common;
}

}  // namespace

int gpu_of(int visible, int local_rank) { return visible == 1 ? 0 : local_rank; }

std::vector<GpuFacts> gathered(const GpuFacts& mine, runtime::Control& control) {
  std::vector<GpuFacts> all;
  for (int rank = 0; rank < control.size(); ++rank) {
    const std::string text = rank == control.rank() ? nlohmann::json(mine).dump() : "";
    all.push_back(runtime::parse_json(control.broadcast_text(text, rank)).get<GpuFacts>());
  }
  return all;
}

std::vector<Error> faults_of(const std::vector<GpuFacts>& all) {
  std::vector<Error> faults;
  if (all.size() == 1) return faults;  // no NCCL
  for (const auto& [host, local] : by_host(all)) {
    check_count(host, local, faults);
    check_shared_memory(host, local, faults);
  }
  const auto slice = std::find_if(all.begin(), all.end(), [](const GpuFacts& of) { return of.slice; });
  if (slice != all.end())
    faults.emplace_back("FailedToCompleteOperation.gpu_slice", runtime::Fields{{"who", place_of(*slice)}, {"gpu", slice->gpu}});
  const auto has_gpu = [](const GpuFacts& of) { return !of.bus_id.empty(); };
  if (const auto odd = difference(all, [](const GpuFacts& of) { return of.gpu; });
      !odd.empty() && std::all_of(all.begin(), all.end(), has_gpu))
    faults.emplace_back("FailedToCompleteOperation.gpus_differ", runtime::Fields{{"difference", odd}});
  const std::pair<const char*, std::string GpuFacts::*> versions[] = {
      {"driver", &GpuFacts::driver}, {"NCCL", &GpuFacts::nccl}, {"LibTorch", &GpuFacts::libtorch}};
  for (const auto& [what, member] : versions) {
    const auto odd = difference(all, [member = member](const GpuFacts& of) { return of.*member; });
    if (!odd.empty())
      faults.emplace_back("FailedToCompleteOperation.gpu_versions", runtime::Fields{{"what", what}, {"difference", odd}});
  }
  return faults;
}

std::vector<std::string> warnings_of(const std::vector<GpuFacts>& all) {
  std::vector<std::string> warnings;
  for (const auto& [host, local] : by_host(all)) {
    const auto sees_one = [](const GpuFacts* of) { return of->visible == 1; };
    if (local.size() == 1 || !std::all_of(local.begin(), local.end(), sees_one)) continue;
    warnings.push_back("Each of the " + std::to_string(local.size()) + " processes of " + host +
                       " sees one GPU only, so that NCCL may fail to copy between them directly: let each see all of them, as "
                       "Slurm does with --gres=gpu:" +
                       std::to_string(local.size()) + " and --gpu-bind=none.");
  }
  return warnings;
}

}  // namespace torchport::component
