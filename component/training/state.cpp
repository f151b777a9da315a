#include "component/training/state.h"

#include <torch/csrc/autograd/grad_mode.h>

#include <stdexcept>

namespace torchport::component {
namespace {

template <class Type>
Type number(const std::map<std::string, TrainingState::Number>& numbers, const std::string& name) {
  const auto found = numbers.find(name);
  if (found == numbers.end() || !std::holds_alternative<Type>(found->second))
    throw std::logic_error("TrainingState: there is no number '" + name + "' of this type");
  return std::get<Type>(found->second);
}

std::string placed(const std::string& name, std::size_t i) { return name + "." + std::to_string(i); }

}  // namespace

std::int64_t TrainingState::integer(const std::string& name) const { return number<std::int64_t>(numbers_, name); }
double TrainingState::real(const std::string& name) const { return number<double>(numbers_, name); }

void TrainingState::set(const std::string& name, const std::vector<at::Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    tensors_[placed(name, i)] = tensors[i].detach().to(at::kCPU, /*non_blocking=*/false, /*copy=*/true);
}

void TrainingState::copy_to(const std::string& name, const std::vector<at::Tensor>& tensors) const {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto found = tensors_.find(placed(name, i));
    if (found == tensors_.end() || found->second.sizes() != tensors[i].sizes() ||
        found->second.scalar_type() != tensors[i].scalar_type())
      throw std::logic_error("TrainingState: '" + placed(name, i) + "' is missing or of another shape or type");
    tensors[i].copy_(found->second);
  }
  if (tensors_.contains(placed(name, tensors.size())))
    throw std::logic_error("TrainingState: there are more tensors '" + name + "'");
}

std::vector<at::Tensor> TrainingState::tensors(const std::string& name) const {
  std::vector<at::Tensor> found;
  for (auto next = tensors_.find(placed(name, 0)); next != tensors_.end(); next = tensors_.find(placed(name, found.size())))
    found.push_back(next->second.clone());
  return found;
}

}  // namespace torchport::component
