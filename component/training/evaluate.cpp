#include "component/training/evaluate.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "datasets/sampler.h"
#include "datasets/trace.h"
#include "models/nn/autocast.h"

namespace torchport::component {

namespace {

// Each rank's batch norm has seen other images; one set of statistics has to speak for the model, and rank 0's is what gets saved.
void broadcast_buffers(const models::ClassifierModule& network, runtime::Collective& collective) {
  for (const auto& buffer : network.buffers()) {
    collective.broadcast(buffer.data_ptr(), buffer.nbytes(), /*root=*/0);
  }
}

void begin_share(datasets::Loader& loader, std::size_t rows, std::size_t batch_size, const runtime::Collective& collective) {
  const auto mine = datasets::share(0, rows, collective.rank(), collective.size());
  std::vector<std::uint32_t> order(mine.size());
  std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(mine.begin));
  std::vector<std::size_t> ends;
  for (std::size_t done = 0; done < order.size();) ends.push_back(done = std::min(done + batch_size, order.size()));
  loader.begin(std::move(order), std::move(ends));
}

}  // namespace

at::Tensor network_input(const datasets::Batch& batch, const datasets::Normalisation& normalisation,
                         const TrainerOptions& options) {
  const auto dtype = options.precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat;  // what autocast would make of it
  return datasets::normalised(batch.images, normalisation, dtype, options.channels_last);
}

Totals evaluate(models::ClassifierModule& network, datasets::Loader& loader, std::size_t rows,
                const datasets::Normalisation& normalisation, const TrainerOptions& options, BadImages& bad,
                runtime::Collective& collective) {
  const datasets::Span whole("validation");
  const torch::NoGradGuard no_grad;
  const models::AutocastScope autocast(c10::kCPU, options.precision == Precision::bfloat16);
  broadcast_buffers(network, collective);
  network.eval();
  begin_share(loader, rows, static_cast<std::size_t>(options.batch_size), collective);
  bad.start_pass();
  Totals totals;
  double bad_here = 0;
  std::optional<runtime::Error> fault;
  while (auto batch = loader.next()) {
    if ((fault = bad.report(batch->bad))) break;
    bad_here += static_cast<double>(batch->bad.size());
    datasets::Span forward("forward");
    const at::Tensor logits = network.forward(network_input(*batch, normalisation, options)).to(at::kFloat);
    forward.end();
    const at::Tensor labels = batch->labels;
    totals.loss += at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum).item<double>();
    const at::Tensor best = std::get<1>(logits.topk(std::min<std::int64_t>(5, logits.size(1)), 1));
    const at::Tensor hits = best.eq(labels.unsqueeze(1));
    totals.correct1 += hits.narrow(1, 0, 1).sum().item<double>();
    totals.correct5 += hits.sum().item<double>();
    totals.images += static_cast<double>(labels.size(0));
  }
  collective.agree(fault);
  std::array<double, 5> sums = {totals.loss, totals.correct1, totals.correct5, totals.images, bad_here};
  collective.all_reduce(sums.data(), sums.size(), runtime::DataType::float64, runtime::Reduction::sum);
  bad.count(sums[4]);
  return {sums[0], sums[1], sums[2], sums[3]};
}

}  // namespace torchport::component
