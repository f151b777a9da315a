// From what an input of a step is bound to, to what stands in a pipeline file. Used for the steps of a job.
#pragma once
#include "runtime/azure/job.h"

namespace torchport::runtime::azure {

class Wiring {
 public:
  Wiring(const Job& job, Draft& draft) : job_(job), draft_(draft) {}

  /// What a port of the step gets: "split.first" or "inputs.photos"; an input of the pipeline is made where a path is given, or
  /// nothing that is here. `input` is the name in the job. "": nothing can be told, which is reported.
  std::string port(const JobStep& step, const std::string& input, const Bound& bound);

  /// The step that a wire comes from, and its output. Null where there is none.
  const JobStep* source(const Bound& wire, std::string& output) const;
  /// Our output port that a wire comes from; null where it comes from a step that is left out, or from none.
  const PortSpec* source_port(const Bound& wire) const;

 private:
  const Job& job_;
  Draft& draft_;
};

}  // namespace torchport::runtime::azure
