#include "component/training/same_tensors.h"

#include <ATen/ops/cat.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <map>

namespace torchport::component {

void broadcast_in_place(const std::vector<at::Tensor>& tensors, runtime::Control& control) {
  for (const auto& tensor : tensors) control.broadcast(tensor.data_ptr(), tensor.nbytes(), /*root=*/0);
}

void broadcast_together(const std::vector<at::Tensor>& tensors, runtime::Control& control) {
  if (control.size() == 1) return;
  const torch::NoGradGuard no_grad;
  std::map<at::ScalarType, std::vector<at::Tensor>> by_type;
  for (const auto& tensor : tensors) by_type[tensor.scalar_type()].push_back(tensor);
  for (const auto& [type, some] : by_type) {
    std::vector<at::Tensor> flattened;
    for (const auto& tensor : some) flattened.push_back(tensor.flatten());
    at::Tensor flat = at::cat(flattened).cpu();
    control.broadcast(flat.data_ptr(), flat.nbytes(), /*root=*/0);
    flat = flat.to(some.front().device());
    std::int64_t done = 0;
    for (const auto& tensor : some) {
      tensor.copy_(flat.narrow(0, done, tensor.numel()).view(tensor.sizes()));
      done += tensor.numel();
    }
  }
}

}  // namespace torchport::component
