// Dropout (Srivastava et al., JMLR 2014) that draws by the key of the step. Used by architectures in place of torch::nn::Dropout,
// which draws from torch's generator and so depends on all that was drawn before.
#pragma once
#include <cstdint>

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace torchport::models {

/// In training, sets each element to zero with `probability` and scales the others by 1 / (1 - probability); else the identity.
/// \throws std::logic_error in training outside of a RandomKeyScope
class DropoutImpl : public torch::nn::Module {
 public:
  explicit DropoutImpl(double probability) : probability_(probability) {}
  at::Tensor forward(const at::Tensor& x);
  /// Which of a network's dropouts it is: two places draw different masks. make_classifier numbers them.
  void set_place(std::int64_t place) { place_ = place; }

 private:
  double probability_;
  std::int64_t place_ = 0;
};
TORCH_MODULE(Dropout);

}  // namespace torchport::models
