// A split: each side has its share of the images.
#include "datasets/directory/split.h"

#include "component/estimate/step_method.h"

namespace torchport::component {
namespace {

class Split : public StepMethod {
 public:
  using StepMethod::StepMethod;

 private:
  std::size_t images_out(const std::string& port, std::size_t all) const override {
    const std::size_t first = datasets::first_size(all, *value<double>("fraction"));
    return port == "first" ? first : all - first;
  }
};

}  // namespace

std::unique_ptr<StepMethod> split_image_directory(const runtime::Step& step) { return std::make_unique<Split>(step); }

}  // namespace torchport::component
