#include "component/images/scoring_pass.h"

namespace torchport::component {

ScoringPass::ScoringPass(const Scorer& scorer, Precision precision)
    : network_(scorer.network),
      flip_(scorer.flip),
      input_(scorer.normalisation, scorer.channels_last, precision, scorer.device),
      autocast_(scorer.device.where().type(), precision == Precision::bfloat16) {}

at::Tensor ScoringPass::operator()(const at::Tensor& images) const {
  const at::Tensor input = input_(images), answers = answer(input);
  return (flip_ ? (answers + answer(input.flip({3}))) / 2 : answers).contiguous();
}

at::Tensor ScoringPass::answer(const at::Tensor& input) const { return network_.forward(input).to(at::kFloat).softmax(1); }

}  // namespace torchport::component
