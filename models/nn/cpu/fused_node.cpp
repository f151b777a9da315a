#include "models/nn/cpu/fused_node.h"

#include <algorithm>
#include <stdexcept>

namespace torchport::models {

bool wants_gradient(const std::vector<at::Tensor>& sources) {
  return at::GradMode::is_enabled() &&
         std::any_of(sources.begin(), sources.end(), [](const at::Tensor& tensor) { return tensor.requires_grad(); });
}

void refuse_double_backward() {
  if (at::GradMode::is_enabled())
    throw std::logic_error("a fused layer: its gradient cannot be differentiated again (create_graph)");
}

}  // namespace torchport::models
