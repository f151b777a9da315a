#include "runtime/launch/engine.h"

#include <chrono>
#include <csignal>

namespace torchport::runtime {
namespace {

/// What ranks have to come to the end of a step and save the training: more than a preempted machine leaves them.
constexpr std::chrono::seconds kPatience(60);

std::int64_t count(const Request& request, const char* name) {
  return request.has_setting(name) ? request.setting<std::int64_t>(name) : 1;
}

}  // namespace

ChildEnd Engine::run(const Request& request, const std::vector<std::string>& worker, const std::filesystem::path&,
                     const std::function<void(std::string_view)>& on_text, const std::function<int()>& order) const {
  // mpirun hands SIGUSR1 on at once; of SIGTERM its ranks have a second.
  return run_child(command(request, worker), on_text, kPatience, ChildOutput::shared, SIGUSR1, order);
}

std::int64_t node_count(const Request& request) { return count(request, "node_count"); }
std::int64_t process_count(const Request& request) { return count(request, "process_count_per_node"); }

Problems count_refusals(const Request& request, const Engine& engine, const Compute& compute) {
  Problems problems;
  const bool named = !compute.name.empty();
  const auto compare = [&](const char* key, std::int64_t value, std::int64_t bound) {
    if (value <= bound) return;
    problems.add(Error(key, {{"value", std::to_string(value)}, {"bound", std::to_string(bound)}, {"compute", compute.name}}));
  };
  problems.collect([&] {
    compare(named ? "LessThanOrEqualTo.compute_processes" : "LessThanOrEqualTo.processes", process_count(request),
            engine.processing_units());
    compare(named ? "LessThanOrEqualTo.compute_nodes" : "LessThanOrEqualTo.nodes", node_count(request), engine.max_nodes());
  });
  return problems;
}

int gpu_count() {
  int count = 0;
  std::error_code none;
  for (std::filesystem::directory_iterator entry("/dev", none), end; entry != end; entry.increment(none)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("nvidia") && name.size() > 6 && name.find_first_not_of("0123456789", 6) == name.npos) ++count;
  }
  return count;
}

}  // namespace torchport::runtime
