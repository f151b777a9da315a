// A training of a few updates through CapturedStep, on the stand-in, without loader and trainer. Used by the tests of captured
// steps.
#pragma once
#include <torch/torch.h>

#include <fstream>
#include <sstream>

#include "component/training/captured_step.h"
#include "component/training/recipe/mixup.h"
#include "component/training/recipe/progressive_size.h"
#include "models/nn/random_key.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_graph.h"
#include "tests/support/networks.h"
#include "tests/support/paths.h"

namespace torchport::test::captured {

using component::CapturedStep;
using component::Precision;
using component::StepBatch;
using component::StepInputs;
using component::StepSums;

constexpr std::int64_t kBatch = 2, kMost = 3, kClasses = 10;
constexpr int kSize = 64;
constexpr int kRecordedAt = CapturedStep::kEager;  ///< the update of a kind that is the first to be replayed, from 0

// How an update differs from the usual one.
struct Kind {
  std::int64_t images = kBatch;
  int size = kSize;
  bool mixed = false, warming_up = false;
  std::size_t batches = 1;
};

struct Training {
  component::Device device{c10::Device(c10::kCUDA, 0), "", &fake_cuda::plugin_with_graphs()};
  component::OwnStream stream{device};
  TemporaryFolder folder;
  runtime::Log log{{folder / "log", false}};
  runtime::WorldOfOne alone;
  component::ReducerOfOne reducer;
  models::Classifier network;
  component::NetworkInput input;
  std::optional<component::WeightAverage> average;
  component::TrainingStep step;
  CapturedStep captured;
  fake_cuda::Counts counts;  // of the last update: until it was handed in, and its statistics asked for
  std::int64_t updates = 0;

  Training(models::Classifier of, Precision precision, bool graphs, std::size_t batches = 1, bool averaged = true)
      : network(on_device(std::move(of))),
        input({{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}, true, precision, device),
        average(averaged ? std::make_optional<component::WeightAverage>(*network, 0.75) : std::nullopt),
        step({batches, 0.125, true, precision}, network, device, reducer, average ? &*average : nullptr),
        captured(
            {graphs, batches, kMost, {kSize, kSize}}, step, [this](const auto&... all) { return prepared(all...); }, device,
            reducer, alone, log) {}

  models::Classifier on_device(models::Classifier of) const {
    models::use_channels_last(*of);
    device.take(*of);
    of->train();
    return of;
  }

  StepInputs prepared(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) const {
    StepInputs inputs{component::resized(input(batch.images, true), batch.size), batch.labels, numbers, batch.mixed, key};
    if (batch.mixed) inputs.images = component::mixed_with_previous(inputs.images, numbers[StepInputs::kShare]);
    return inputs;
  }

  // Other pixels, labels and keys each time.
  StepBatch batch(const Kind& kind, std::int64_t number) const {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(number));
    const at::Tensor pixels = at::randint(0, 256, {kind.images, kSize, kSize, 3}, generator, at::kByte);
    const at::Tensor labels = at::randint(0, kClasses, {kind.images}, generator, at::kLong);
    const auto total = static_cast<float>(kind.images * static_cast<std::int64_t>(kind.batches));
    return {pixels.to(device.where()).permute({0, 3, 1, 2}),
            labels.to(device.where()),
            {total, 0, 0.75, 0.25, 0},
            models::random_key(1, 0, number, 0),
            kind.mixed,
            {kind.size, kind.size}};
  }

  component::HostCopy give(const Kind& kind, double rate, bool failed = false) {
    std::vector<StepBatch> batches;
    for (std::size_t i = 0; i < kind.batches; ++i) batches.push_back(batch(kind, 10 * updates + static_cast<int>(i)));
    ++updates;
    fake_cuda::reset();
    captured.begin(kind.images == kBatch);
    for (const StepBatch& one : batches) captured.add(one);
    if (failed) captured.fail();
    auto copy = device.fetch(captured.finish(rate, kind.warming_up));
    counts = fake_cuda::counts();
    return copy;
  }
  // The update that was given last once more, from `before`, each operation by itself.
  component::HostCopy give_again(const Kind& kind, double rate, const std::vector<at::Tensor>& before) {
    const auto now = tensors();
    {
      const at::NoGradGuard values_only;
      for (std::size_t i = 0; i < now.size(); ++i) now[i].copy_(before[i]);
    }
    component::TrainingState momenta;
    momenta.set("optimizer.momentum",
                std::vector<at::Tensor>(before.begin() + static_cast<std::ptrdiff_t>(now.size()), before.end()));
    step.read(momenta);
    CapturedStep plain(
        {false, kind.batches, kMost, {kSize, kSize}}, step, [this](const auto&... all) { return prepared(all...); }, device,
        reducer, alone, log);
    plain.begin(true);
    for (std::size_t i = 0; i < kind.batches; ++i) plain.add(batch(kind, 10 * (updates - 1) + static_cast<int>(i)));
    return device.fetch(plain.finish(rate, kind.warming_up));
  }
  StepSums update(const Kind& kind, double rate) {
    auto copy = give(kind, rate);
    return component::TrainingStep::read(copy.wait(), kind.batches);
  }

  // The network's.
  std::vector<at::Tensor> tensors() const {
    auto all = network->parameters();
    for (const auto& buffer : network->buffers()) all.push_back(buffer);
    return all;
  }
  // All that an update changes, on the host: the network's tensors and momenta first.
  std::vector<at::Tensor> weights() const {
    component::TrainingState state;
    step.write(state);
    if (average) average->write(state);
    std::vector<at::Tensor> all;
    for (const auto& tensor : tensors()) all.push_back(tensor.detach().cpu());
    for (const char* name : {"optimizer.momentum", "average.weights", "average.counters"}) {
      if (!average && std::string_view(name).starts_with("average")) continue;
      for (const auto& tensor : state.tensors(name)) all.push_back(tensor.cpu());
    }
    return all;
  }
  std::string logged() const {
    std::ostringstream text;
    text << std::ifstream(folder / "log").rdbuf();
    return text.str();
  }
};

inline models::Classifier variant(const std::string& name) { return models::make_classifier(model_spec(name), kClasses, 7); }

inline bool same(const std::vector<at::Tensor>& some, const std::vector<at::Tensor>& others) {
  return std::equal(some.begin(), some.end(), others.begin(), others.end(),
                    [](const at::Tensor& a, const at::Tensor& b) { return a.equal(b); });
}

inline bool same(const StepSums& some, const StepSums& others) {
  return some.stopped == others.stopped && some.failed == others.failed &&
         std::equal(some.batches.begin(), some.batches.end(), others.batches.begin(), others.batches.end(),
                    [](const auto& a, const auto& b) { return a.loss == b.loss && a.correct == b.correct && a.bad == b.bad; });
}

}  // namespace torchport::test::captured
