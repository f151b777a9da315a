#include "component/training/evaluate.h"

#include <algorithm>
#include <array>

#include "component/training/same_tensors.h"
#include "datasets/sampler.h"
#include "datasets/trace.h"
#include "models/nn/autocast.h"
#include "runtime/report/progress_line.h"

namespace torchport::component {

namespace {

constexpr std::int64_t kMostGuesses = 5;
enum Sum { kLoss, kTop1, kTop5, kImages, kBad, kWishes, kBrokenOff, kSums };

// float64 [3], on the network's device: loss, top-1 and top-5 of a batch.
at::Tensor sums_of(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor loss = at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
  const at::Tensor best = std::get<1>(logits.topk(std::min(kMostGuesses, logits.size(1)), 1));
  const at::Tensor hits = best.eq(labels.unsqueeze(1));
  return at::stack({loss.to(at::kDouble), hits.narrow(1, 0, 1).sum().to(at::kDouble), hits.sum().to(at::kDouble)});
}

}  // namespace

Evaluated evaluate(models::ClassifierModule& network, StagedLoader& loader, const Evaluation& how, BadImages& bad,
                   Boundary& boundary, runtime::Control& control) {
  const datasets::Span whole("validation");
  const torch::NoGradGuard no_grad;
  const models::AutocastScope autocast(how.device.type(), how.precision == Precision::bfloat16);
  // Each rank's batch norm has seen other images; one set of statistics has to speak for the model, and rank 0's is what gets
  // saved.
  broadcast_together(network.buffers(), control);
  network.eval();
  const auto mine = datasets::share(0, how.rows, control.rank(), control.size());
  begin_in_order(loader, mine.begin, mine.size(), how.batch_size);
  bad.start_pass();
  runtime::ProgressLine line(&how.log, "validating", mine.size());
  std::array<double, kSums> sums{};
  std::optional<runtime::Error> fault;
  at::Tensor computed;
  while (auto batch = loader.next()) {
    if ((fault = bad.report(batch->bad, batch->none_readable))) break;
    sums[kBad] += static_cast<double>(batch->bad.size());
    sums[kImages] += static_cast<double>(batch->labels.size(0));
    line.done(static_cast<std::size_t>(batch->labels.size(0)) + batch->bad.size());
    datasets::Span forward("forward");
    const at::Tensor logits = network.forward(how.input(batch->images)).to(at::kFloat);
    forward.end();
    const at::Tensor of_batch = sums_of(logits, batch->labels);
    computed = computed.defined() ? computed.add_(of_batch) : of_batch;
    if (boundary.wishes().stop) {
      sums[kBrokenOff] = 1;
      break;
    }
  }
  if (computed.defined()) {
    HostCopy copy = how.device.fetch(computed);
    std::copy_n(copy.wait().const_data_ptr<double>(), kImages, sums.begin());
  }
  control.agree(fault);
  sums[kWishes] = boundary.wishes().number();
  control.sum(sums);
  const Wishes wishes = Wishes::of(sums[kWishes]);
  if (sums[kBrokenOff] > 0) return {std::nullopt, wishes};
  bad.count(sums[kBad]);
  bad.check_categories(control);
  return {Totals{sums[kLoss], sums[kTop1], sums[kTop5], sums[kImages]}, wishes};
}

}  // namespace torchport::component
