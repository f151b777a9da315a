// A new network: random weights are as large as published ones, and nothing is downloaded for a trial.
#include "component/estimate/step_method.h"

namespace torchport::component {
namespace {

class NewNetwork : public StepMethod {
 public:
  using StepMethod::StepMethod;

 private:
  std::map<std::string, std::string> trial_values() const override { return {{"pretrained", "False"}}; }
};

}  // namespace

std::unique_ptr<StepMethod> init_model(const runtime::Step& step) { return std::make_unique<NewNetwork>(step); }

}  // namespace torchport::component
