#include "component/training/captured_step.h"

#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

#include "component/images/size_check.h"
#include "datasets/trace.h"

namespace torchport::component {
namespace {

// Memory begins as zeros: labels and pixels are valid even where a batch never came.
at::Tensor fixed(at::IntArrayRef sizes, at::ScalarType type, const Device& device) {
  return at::zeros(sizes, at::TensorOptions(type).device(device.where()));
}

}  // namespace

CapturedStep::CapturedStep(const CapturedStepOptions& options, TrainingStep& step, Prepare prepare, const Device& device,
                           Reducer& reducer, runtime::Control& control, runtime::Log& log)
    : options_(options),
      step_(step),
      prepare_(std::move(prepare)),
      device_(device),
      reducer_(reducer),
      control_(control),
      log_(log),
      graphs_(options.graphs && device.plugin() != nullptr) {
  const auto batches = static_cast<std::int64_t>(options.most_batches);
  for (std::int64_t i = 0; i < batches; ++i) {
    images_.push_back(fixed({options.most_images, options.size.height, options.size.width, 3}, at::kByte, device));
    labels_.push_back(fixed({options.most_images}, at::kLong, device));
  }
  // Keys as they are, after them two float32 numbers in each place.
  const std::int64_t floats = 1 + batches * StepInputs::kNumbers;
  block_ = fixed({batches + (floats + 1) / 2}, at::kLong, device);
  keys_ = block_.narrow(0, 0, batches);
  const at::Tensor rest = block_.narrow(0, batches, block_.size(0) - batches).view(at::kFloat);
  learning_rate_ = rest[0];
  numbers_ = rest.narrow(0, 1, floats - 1).view({batches, StepInputs::kNumbers});
}

void CapturedStep::begin(bool whole) {
  batches_.clear();
  whole_ = whole;
  failed_ = one_value_ = false;
}

void CapturedStep::add(const StepBatch& batch) {
  const std::size_t i = batches_.size();
  const std::int64_t n = batch.labels.size(0);
  StepBatch& here = batches_.emplace_back(batch);
  here.images = images_[i].narrow(0, 0, n).permute({0, 3, 1, 2}).copy_(batch.images);
  here.labels = labels_[i].narrow(0, 0, n).copy_(batch.labels);
}

// One copy for all numbers of an update. A rank that has failed says so in them, as a graph always computes the same.
void CapturedStep::bring_numbers(double learning_rate) {
  const at::Tensor host = device_.host_empty({block_.size(0)}, at::kLong);
  auto* const keys = host.mutable_data_ptr<std::int64_t>();
  auto* const floats = reinterpret_cast<float*>(keys + keys_.size(0));
  floats[0] = static_cast<float>(learning_rate);
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    keys[i] = *batches_[i].key.const_data_ptr<std::int64_t>();
    if (failed_) batches_[i].numbers[StepInputs::kWishes] = std::numeric_limits<float>::infinity();
    std::copy(batches_[i].numbers.begin(), batches_[i].numbers.end(), floats + 1 + i * StepInputs::kNumbers);
  }
  block_.copy_(host, /*non_blocking=*/true);
}

UpdateKind CapturedStep::kind() const {
  UpdateKind kind{{}, batches_.front().size, {}, step_.average_begun()};
  for (const StepBatch& batch : batches_) {
    kind.images.push_back(batch.labels.size(0));
    kind.mixed.push_back(batch.mixed);
  }
  return kind;
}

CapturedStep::Entry& CapturedStep::entry_of(const UpdateKind& kind) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry->kind == kind; });
  if (found != entries_.end()) return **found;
  entries_.push_back(std::make_unique<Entry>());
  entries_.back()->kind = kind;
  return *entries_.back();
}

at::Tensor CapturedStep::finish(double learning_rate, bool warming_up) {
  bring_numbers(learning_rate);
  if (!graphs_ || !whole_) return compute(warming_up);
  Entry& entry = entry_of(kind());
  entry.used = ++updates_;
  const auto addresses = step_.addresses();
  if (entry.graph && entry.addresses != addresses) let_go(entry);
  if (!entry.graph) {
    if (entry.seen < kEager) {
      ++entry.seen;
      return compute(warming_up);
    }
    entry.addresses = addresses;
    if (!record(entry, warming_up)) return compute(warming_up);
  }
  const datasets::Span span("replay");
  entry.graph->replay();
  reducer_.replayed(entry.sums);
  step_.set_average_begun(!warming_up);
  ++replays_;
  return entry.statistics;
}

at::Tensor CapturedStep::compute(bool warming_up) {
  step_.begin();
  try {
    for (std::size_t i = 0; i < batches_.size(); ++i) {
      const auto place = static_cast<std::int64_t>(i);
      step_.add(prepare_(batches_[i], numbers_[place], keys_[place]), i + 1 == batches_.size());
    }
  } catch (const c10::Error& error) {
    if (!has_one_value_per_channel(error)) throw;
    one_value_ = true;
    step_.fail();
  }
  return step_.finish(learning_rate_, warming_up);
}

// All ranks come here in the same update: sums that one replays and another hands in would not meet.
bool CapturedStep::record(Entry& entry, bool warming_up) {
  make_room();
  const auto other = std::find_if(entries_.begin(), entries_.end(), [](const auto& one) { return one->graph != nullptr; });
  auto graph = std::make_unique<cuda::Graph>(*device_.plugin());
  std::string reason;
  reducer_.begin_recording();
  try {
    // Nothing of one replay is read after the next, so all graphs share their memory.
    graph->record([&] { entry.statistics = compute(warming_up); }, other == entries_.end() ? nullptr : (*other)->graph.get());
  } catch (const cuda::CannotRecord& error) {
    reason = error.what();
  }
  entry.sums = reducer_.end_recording();
  step_.set_average_begun(entry.kind.average_begun);
  ++recordings_;
  if (!agree(reason, entry.kind)) return false;
  entry.graph = std::move(graph);
  return true;
}

void CapturedStep::make_room() {
  std::vector<Entry*> with_graph;
  for (const auto& entry : entries_) {
    if (entry->graph) with_graph.push_back(entry.get());
  }
  if (with_graph.size() < kMostGraphs) return;
  let_go(**std::min_element(with_graph.begin(), with_graph.end(), [](auto* a, auto* b) { return a->used < b->used; }));
}

void CapturedStep::let_go(Entry& entry) {
  device_.fetch(learning_rate_).wait();  // until the graph is not at work any more
  entry.graph.reset();
}

bool CapturedStep::agree(const std::string& reason, const UpdateKind& kind) {
  double failed = reason.empty() ? 0 : 1;
  control_.sum({&failed, 1});
  if (failed == 0) {
    std::string images;
    for (const std::int64_t n : kind.images) images += (images.empty() ? "" : " + ") + std::to_string(n);
    log_.info("CUDA graph: updates of " + images + " images of " + size_text(kind.size) + " are replayed from here on.");
    return true;
  }
  graphs_ = false;
  log_.warning("No CUDA graphs: " + (reason.empty() ? "another process cannot record the step" : reason) +
               ". Each operation of a step is started by itself, which is slower for small batches.");
  return false;
}

}  // namespace torchport::component
