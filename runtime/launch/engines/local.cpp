// One process, in place of this one: its end is ours.
#include "runtime/launch/engine.h"

namespace torchport::runtime {
namespace {

class Local : public Engine {
 public:
  explicit Local(const Compute& compute) : compute_(compute) {}

  Problems refusals(const Request& request) const override {
    Problems problems;
    for (const char* const name : {"node_count", "process_count_per_node"}) {
      if (!compute_.name.empty()) break;  // count_refusals names the compute
      if (!request.has_setting(name) || request.setting<std::int64_t>(name) == 1) continue;
      problems.add(Error("LessThanOrEqualTo.local", {{"flag", Specs::get().run_setting(name).flag},
                                                     {"value", std::to_string(request.setting<std::int64_t>(name))}}));
    }
    return problems;
  }

  std::int64_t max_nodes() const override { return 1; }
  std::int64_t processing_units() const override { return 1; }

  std::vector<std::string> command(const Request&, const std::vector<std::string>&) const override { return {}; }

  Error not_started(const std::string& program, const std::string& reason) const override {
    return Error("FailedToCompleteOperation.no_worker", {{"path", program}, {"reason", reason}});
  }

  EngineEnd how_it_ended(int status, const std::string&) const override { return {status, {}, 0, {}, {}}; }

 private:
  Compute compute_;
};

}  // namespace

std::unique_ptr<Engine> local(const Compute& compute) { return std::make_unique<Local>(compute); }

}  // namespace torchport::runtime
