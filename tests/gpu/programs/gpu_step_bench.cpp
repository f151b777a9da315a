// Times training steps on a GPU, by the product's own step, on random bytes that are there; and what the GPU could do at most.
//   gpu_step_bench VARIANT [--batch N] [--size S] [--seconds S] [--steps N] [--modes LIST] [--precision NAME] [--json FILE]
//   gpu_step_bench --ceilings [--mebibytes N] [--side N] [--json FILE]
//   gpu_step_bench --list-modes
// Modes alternate, for SECONDS each in all, and at least N steps. A line of JSON for each mode is added to FILE, and is what is
// printed.
#include <torch/torch.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "component/cuda/module.h"
#include "component/worker/memory.h"
#include "tests/bench/programs/clocks.h"
#include "tests/gpu/gpu.h"
#include "tests/gpu/modes.h"
#include "tests/gpu/training.h"

using namespace torchport;
using bench::median, bench::seconds_of, bench::wall_seconds;
using Json = nlohmann::ordered_json;

namespace {

constexpr int kWarmUp = 6, kRounds = 4;  // a graph is recorded within the warm-up
constexpr double kRate = 1e-4;

struct Arguments {
  std::string variant, modes = "eager", precision = "bfloat16", json;
  std::int64_t batch = 64, size = 224, steps = 4, mebibytes = 1024, side = 8192;
  double seconds = 3;
  bool ceilings = false, list_modes = false;
};

Arguments parse(const std::vector<std::string>& words) {
  Arguments a;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto value = [&]() -> const std::string& { return words.at(++i); };
    if (words[i] == "--ceilings")
      a.ceilings = true;
    else if (words[i] == "--list-modes")
      a.list_modes = true;
    else if (words[i] == "--modes")
      a.modes = value();
    else if (words[i] == "--precision")
      a.precision = value();
    else if (words[i] == "--json")
      a.json = value();
    else if (words[i] == "--batch")
      a.batch = std::stoll(value());
    else if (words[i] == "--size")
      a.size = std::stoll(value());
    else if (words[i] == "--steps")
      a.steps = std::stoll(value());
    else if (words[i] == "--mebibytes")
      a.mebibytes = std::stoll(value());
    else if (words[i] == "--side")
      a.side = std::stoll(value());
    else if (words[i] == "--seconds")
      a.seconds = std::stod(value());
    else if (a.variant.empty() && words[i][0] != '-')
      a.variant = words[i];
    else
      throw std::invalid_argument("unknown word " + words[i]);
  }
  return a;
}

void tell(const Arguments& a, const Json& row) {
  std::cout << row.dump() << std::endl;
  if (a.json.empty()) return;
  std::ofstream file(a.json, std::ios::app);
  if (!(file << row.dump() << "\n")) throw std::runtime_error("cannot write " + a.json);
}

std::uint64_t used_bytes() {
  cuda::Memory memory;
  if (cuda::plugin().devices.memory(&memory) != 0) throw std::runtime_error(cuda::plugin().error());
  return memory.used;
}

// --- steps

struct Way {
  std::string mode;
  std::unique_ptr<test::SyntheticTraining> training;
  double first = 0;
  std::vector<double> seconds;
  std::uint64_t bytes = 0;
};

void settle(component::HostCopy& given) {
  if (!std::isfinite(test::SyntheticTraining::settle(given).batches.at(0).loss)) throw std::runtime_error("the loss is not finite");
}

/// Seconds from one update to the next, of which the host waits for one when it has given the next, as the trainer does.
std::vector<double> run(Way& way, const Arguments& a, std::int64_t least, double seconds) {
  const test::ModeScope scope(way.mode);
  std::vector<double> times;
  const double end = wall_seconds() + seconds;
  component::HostCopy before = way.training->give(kRate, a.batch);
  double last = wall_seconds();
  for (std::int64_t i = 0; i < least || last < end; ++i) {
    component::HostCopy given = way.training->give(kRate, a.batch);
    settle(before);
    before = std::move(given);
    const double now = wall_seconds();
    times.push_back(now - last);
    last = now;
  }
  settle(before);
  return times;
}

void time_steps(const Arguments& a) {
  const bool tf32 = a.precision == "tf32";
  if (!tf32 && a.precision != "float32" && a.precision != "bfloat16")
    throw std::invalid_argument("unknown precision " + a.precision);
  const auto& device = test::gpu();
  const component::OwnStream stream(device);  // on which graphs can be recorded
  at::globalContext().setAllowTF32CuDNN(tf32);
  at::globalContext().setAllowTF32CuBLAS(tf32);
  const auto precision = a.precision == "bfloat16" ? component::Precision::bfloat16 : component::Precision::float32;
  std::vector<Way> ways;
  for (const auto& mode : test::modes_of(a.modes)) {
    const std::uint64_t before = used_bytes();
    Way& way = ways.emplace_back();
    way.mode = mode;
    way.training = std::make_unique<test::SyntheticTraining>(
        test::StepPlan{a.variant, precision, a.batch, static_cast<int>(a.size), test::has(mode, "graph")}, device);
    way.first = seconds_of([&] { run(way, a, 0, 0); });
    run(way, a, kWarmUp, 0);
    way.bytes = used_bytes() - before;
  }
  for (int round = 0; round < kRounds; ++round) {
    for (Way& way : ways) {
      const auto times = run(way, a, a.steps, a.seconds / kRounds);
      way.seconds.insert(way.seconds.end(), times.begin(), times.end());
    }
  }
  for (const Way& way : ways) {
    if (test::has(way.mode, "graph") && way.training->replays() == 0)
      throw std::runtime_error("no step was replayed in the mode " + way.mode);
    const double step = median(way.seconds);
    tell(a, {{"part", "step"},
             {"network", a.variant},
             {"batch", a.batch},
             {"size", a.size},
             {"precision", a.precision},
             {"mode", way.mode},
             {"step_ms", step * 1e3},
             {"images_per_s", static_cast<double>(a.batch) / step},
             {"steps", way.seconds.size()},
             {"first_step_s", way.first},
             {"held_mib", way.bytes >> 20}});
  }
}

// --- ceilings

/// Seconds of one `work`, of which many are given to the device before the host waits.
template <class Work>
double seconds_each(int times, Work&& work) {
  const auto& device = test::gpu();
  const at::Tensor mark = at::zeros({1}, device.where());
  const auto all = [&](int count) {
    for (int i = 0; i < count; ++i) work();
    device.fetch(mark.add_(1)).wait();
  };
  all(2);
  return seconds_of([&] { all(times); }) / times;
}

void find_ceilings(const Arguments& a) {
  const auto& device = test::gpu();
  const at::NoGradGuard values_only;
  const auto bytes = static_cast<double>(a.mebibytes << 20);
  const auto tensor = [&](at::ScalarType type, at::IntArrayRef sizes) {
    return at::zeros(sizes, at::TensorOptions(type).device(device.where()));
  };
  const at::Tensor from = tensor(at::kByte, {a.mebibytes << 20}), to = at::empty_like(from);
  tell(a, {{"part", "ceiling"},
           {"what", "copy on the device, read and written"},
           {"unit", "TB/s"},
           {"value", 2e-12 * bytes / seconds_each(10, [&] { to.copy_(from); })}});
  const at::Tensor host = device.host_empty({a.mebibytes << 20}, at::kByte).zero_();
  tell(a, {{"part", "ceiling"},
           {"what", "copy from pinned memory"},
           {"unit", "GB/s"},
           {"value", 1e-9 * bytes / seconds_each(4, [&] { to.copy_(host, /*non_blocking=*/true); })}});
  const at::Tensor left = tensor(at::kBFloat16, {a.side, a.side}), right = at::empty_like(left).zero_();
  const double products = 2.0 * std::pow(static_cast<double>(a.side), 3);
  tell(a, {{"part", "ceiling"},
           {"what", "bfloat16 product of two matrices"},
           {"unit", "TFLOP/s"},
           {"value", 1e-12 * products / seconds_each(10, [&] { at::matmul(left, right); })}});
  const at::Tensor small = tensor(at::kFloat, {1});
  tell(a, {{"part", "ceiling"},
           {"what", "an operation on one number, one after the other"},
           {"unit", "us"},
           {"value", 1e6 * seconds_each(1000, [&] { small.add_(1); })}});
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments a = parse({argv + 1, argv + argc});
  component::keep_freed_memory();
  if (a.list_modes) {
    for (const char* mode : test::kModes) std::cout << mode << "\n";
  } else if (a.ceilings) {
    find_ceilings(a);
  } else if (!a.variant.empty()) {
    time_steps(a);
  } else {
    throw std::invalid_argument("a variant, --ceilings or --list-modes");
  }
  return 0;
} catch (const runtime::Error& error) {
  std::cerr << "gpu_step_bench: " << error.what() << "\n";
  return 14;
} catch (const std::exception& error) {
  std::cerr << "gpu_step_bench: " << error.what() << "\n";
  return 1;
}
