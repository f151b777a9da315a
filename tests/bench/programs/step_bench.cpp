// Times training steps without a loader: fused and operation by operation in turn, and where a step's time goes, by operation.
//   step_bench VARIANT [--batch N] [--size S] [--steps N] [--threads N] [--bfloat16] [--only-fused] [--images FOLDER] [--profile]
// Prints, for either way, the median milliseconds of a step, images/s over all steps and the median CPU seconds of a step. With
// --images there is a third way in turn, the step on images that the trainer's loader reads from FOLDER (its transformation makes
// them S x S), and for each such step a line `pair WITHOUT WITH`, milliseconds. With --profile also milliseconds a step of each
// operation itself, without those it calls. What the convolutions take is the limit of the rest.
#include <ATen/record_function.h>
#include <torch/torch.h>

#include <cstdio>
#include <map>
#include <numeric>
#include <optional>

#include "component/worker/memory.h"
#include "models/nn/norm_activation.h"
#include "tests/bench/programs/clocks.h"
#include "tests/bench/programs/training_step.h"

using namespace torchport;
using bench::cpu_seconds, bench::median, bench::wall_seconds;

namespace {

constexpr std::int64_t kWarmUp = 2;  // steps of either kind that are not counted

struct Arguments {
  std::string variant, images;
  std::int64_t batch = 16, size = 224, steps = 7;
  int threads = 2;
  bool bfloat16 = false, only_fused = false, profile = false;
};

Arguments parse(const std::vector<std::string>& words) {
  Arguments a;
  a.variant = words.at(0);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--bfloat16")
      a.bfloat16 = true;
    else if (words[i] == "--only-fused")
      a.only_fused = true;
    else if (words[i] == "--profile")
      a.profile = true;
    else if (words[i] == "--images")
      a.images = words.at(++i);
    else if (words[i] == "--batch")
      a.batch = std::stoll(words.at(++i));
    else if (words[i] == "--size")
      a.size = std::stoll(words.at(++i));
    else if (words[i] == "--steps")
      a.steps = std::stoll(words.at(++i));
    else if (words[i] == "--threads")
      a.threads = std::stoi(words.at(++i));
    else
      throw std::invalid_argument(words[i]);
  }
  return a;
}

// --- milliseconds by operation

struct Frame {
  double start, inside;
};
std::map<std::string, double> self_seconds;
std::vector<Frame> frames;  // only the main thread computes

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction&) {
  frames.push_back({wall_seconds(), 0});
  return nullptr;
}

void leave(const at::RecordFunction& function, at::ObserverContext*) {
  const Frame frame = frames.back();
  frames.pop_back();
  const double seconds = wall_seconds() - frame.start;
  self_seconds[function.name()] += seconds - frame.inside;
  if (!frames.empty()) frames.back().inside += seconds;
}

void print_profile(std::int64_t steps) {
  std::vector<std::pair<double, std::string>> rows;
  for (const auto& [name, seconds] : self_seconds) rows.emplace_back(seconds * 1e3 / static_cast<double>(steps), name);
  std::sort(rows.rbegin(), rows.rend());
  for (const auto& [milliseconds, name] : rows) {
    if (milliseconds >= 0.5) std::printf("  %8.1f ms  %s\n", milliseconds, name.c_str());
  }
}

// --- the step

struct Times {
  std::vector<double> wall, cpu;
  template <class Step>
  void add(Step&& step) {
    const double cpu_before = cpu_seconds();
    wall.push_back(bench::seconds_of(step));
    cpu.push_back(cpu_seconds() - cpu_before);
  }
};

void print(const char* name, const Arguments& a, const Times& times) {
  if (times.wall.empty()) return;
  const double all = std::accumulate(times.wall.begin(), times.wall.end(), 0.0);
  std::printf("%-24s %8.1f ms  %6.2f images/s  %.3f CPU s a step\n", name, median(times.wall) * 1e3,
              static_cast<double>(a.batch) * static_cast<double>(times.wall.size()) / all, median(times.cpu));
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments a = parse({argv + 1, argv + argc});
  component::keep_freed_memory();
  at::set_num_threads(a.threads);
  bench::TrainingStep train(a.variant, a.bfloat16);
  const at::Tensor images = torch::randn({a.batch, 3, a.size, a.size}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor labels = at::arange(a.batch, at::kLong).remainder(bench::kCategories);
  const auto step = [&] { train(images, labels); };
  std::optional<bench::Feed> feed;
  if (!a.images.empty())
    feed.emplace(a.images, datasets::ImageSize{static_cast<int>(a.size), static_cast<int>(a.size)}, a.batch, a.threads, a.bfloat16);
  Times fused, fed, unfused;
  for (std::int64_t i = 0; i < a.steps + kWarmUp; ++i) {
    if (i == kWarmUp) fused = fed = unfused = {};
    fused.add(step);
    if (feed) fed.add([&] { std::apply(train, feed->next()); });
    if (a.only_fused) continue;
    const models::UnfusedScope by_operation;
    unfused.add(step);
  }
  std::printf("%s, batch %ld, %ld x %ld, %s, %d threads, channels-last\n", a.variant.c_str(), static_cast<long>(a.batch),
              static_cast<long>(a.size), static_cast<long>(a.size), a.bfloat16 ? "bfloat16" : "float32", a.threads);
  print("step, fused", a, fused);
  print("step, with its images", a, fed);
  print("step, by operation", a, unfused);
  for (std::size_t i = 0; i < fed.wall.size(); ++i) std::printf("pair %.3f %.3f\n", fused.wall[i] * 1e3, fed.wall[i] * 1e3);
  if (!a.profile) return 0;
  at::addGlobalCallback(
      at::RecordFunctionCallback(enter, leave).scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}));
  for (const bool by_operation : {false, true}) {
    if (by_operation && a.only_fused) continue;
    self_seconds.clear();
    for (std::int64_t i = 0; i < a.steps; ++i) {
      std::optional<models::UnfusedScope> scope;
      if (by_operation) scope.emplace();
      step();
    }
    std::printf("%s:\n", by_operation ? "by operation" : "fused");
    print_profile(a.steps);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
