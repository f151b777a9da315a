#include "component/estimate/estimate.h"

#include <chrono>
#include <cmath>

#include "component/estimate/trial.h"
#include "datasets/directory/image_directory.h"
#include "datasets/directory/image_subset.h"
#include "datasets/directory/split.h"
#include "datasets/sampler.h"
#include "datasets/sources/image_source.h"
#include "runtime/pipeline/commands.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
using runtime::PlannedStep;
using runtime::Step;
using runtime::StepInput;

constexpr int kStepLimit = 15;           ///< seconds of a step's trial, unless the user says: the whole is to take half a minute
constexpr std::int64_t kMostBatch = 32;  ///< images of a trial's batch: larger ones are scaled from it
constexpr std::size_t kSteps = 8;        ///< that a training's trial is to have
constexpr std::size_t kFewest = 96, kMost = 1024;  ///< images of a trial
constexpr std::int64_t kFewestSteps = 3;           ///< of a training's trial, even if their batches must be small for it
constexpr double kForwardShare = 1.0 / 3;          ///< of a training step's time: the backward pass computes twice as much

/// What lies on a wire, or comes from outside.
struct Port {
  fs::path path;                                    ///< what the trial reads; empty: the trial that would have made it was stopped
  std::optional<std::size_t> images, trial_images;  ///< in all, and in `path`
  double validation = 0;                            ///< of a trained model: seconds of one image's forward pass
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

template <class T>
std::optional<T> value_of(const Step& step, std::string_view name) {
  for (const auto* values : {&step.parameters, &step.run_settings})
    for (const runtime::StepValue& value : *values)
      if (value.spec->name == name) return std::get<T>(value.value);
  return std::nullopt;
}

std::size_t local_processes(const Step& step) {
  return static_cast<std::size_t>(value_of<std::int64_t>(step, "process_count_per_node").value_or(1));
}
std::size_t processes(const Step& step) {
  return local_processes(step) * static_cast<std::size_t>(value_of<std::int64_t>(step, "node_count").value_or(1));
}

/// How many images are tried: enough steps for the training with the largest batch, and something for the validation.
std::size_t trial_size(const runtime::Plan& plan) {
  std::size_t wanted = kFewest;
  for (const PlannedStep& planned : plan.steps) {
    const auto batch = value_of<std::int64_t>(*planned.step, "batch_size");
    if (!planned.reused && planned.step->component->distributed && batch)
      wanted =
          std::max(wanted, 2 * kSteps * static_cast<std::size_t>(std::min(*batch, kMostBatch)) * local_processes(*planned.step));
  }
  return std::min(wanted, kMost);
}

std::string figure(double value, int digits) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

/// What `run` takes, and how long a trial may take.
const std::vector<std::string> kOptions = [] {
  std::vector<std::string> all = runtime::kPlanOptions;
  all.emplace_back("--seconds");
  return all;
}();

int seconds_of(const std::string& text) {
  int value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault == std::errc() && end == text.data() + text.size() && value > 0) return value;
  throw runtime::Error("ParameterParsing.not_an_integer",
                       {{"flag", "seconds"}, {"value", text}, {"range", "> 0"}, {"default", std::to_string(kStepLimit)}});
}

class Estimator {
 public:
  Estimator(const runtime::CommandLine& cli, const std::vector<std::string>& worker_arguments, const runtime::CheckedPlan& checked,
            int limit)
      : settings_{cli, worker_arguments, scratch_.path()}, checked_(checked), most_(trial_size(checked.plan)), limit_(limit) {}

  PipelineEstimate run() {
    const auto begin = Clock::now();
    start_ = start_seconds(settings_.cli);
    PipelineEstimate all;
    all.pipeline = checked_.pipeline.name;
    for (const PlannedStep& planned : checked_.plan.steps)
      all.steps.push_back(planned.reused ? reused(planned) : tried(*planned.step));
    std::error_code ignored;
    fs::path place = fs::absolute(checked_.runs);
    while (!fs::exists(place, ignored)) place = place.parent_path();
    all.free_disk = static_cast<double>(fs::space(place, ignored).available);
    all.trial_seconds = seconds_since(begin);
    return all;
  }

 private:
  StepEstimate reused(const PlannedStep& planned) {
    StepEstimate row{planned.step->name, planned.step->component->name, true, {}, 0, 0, 0, "reused from " + planned.made_by};
    for (const runtime::PortSpec* const port : planned.step->outputs) {
      const fs::path path = checked_.runs / runtime::text_of(planned.outputs.at(port->name), "path");
      const Port& made = ports_[planned.step->name + "." + port->name] = outside(port->type, path);
      if (made.images) row.images = row.images.value_or(0) + *made.images;
    }
    return row;
  }

  /// What there is already. Of a large image directory a sample is copied for the trials.
  Port outside(const std::string& type, const fs::path& path) {
    if (type != "ImageDirectory") return {path, {}, {}, 0};
    const auto images = datasets::ImageDirectory::open(path, "image directory");
    if (images.size() <= most_) return {path, images.size(), images.size(), 0};
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < most_; ++i) rows.push_back(static_cast<std::uint32_t>(i * images.size() / most_));
    runtime::OutputDirectory sample(settings_.folder / ("sample-" + std::to_string(++samples_)));
    datasets::write_subsets(images, {{rows, sample}});
    return {sample.target(), images.size(), most_, 0};
  }

  const Port& input(const StepInput& given) {
    const std::string key = given.is_wire() ? given.step + "." + given.output : given.path.string() + ":" + given.port->type;
    const auto known = ports_.find(key);
    return known != ports_.end() ? known->second : ports_[key] = outside(given.port->type, given.path);
  }
  const Port& input(const Step& step, std::string_view port) {
    return input(
        *std::find_if(step.inputs.begin(), step.inputs.end(), [&](const StepInput& one) { return one.port->name == port; }));
  }

  Trial attempt(const Step& step, const std::map<std::string, std::string>& values) {
    return try_step(
        settings_, step, values, [this](const StepInput& given) { return input(given).path; }, limit_);
  }

  StepEstimate tried(const Step& step) {
    const std::string& function = step.component->function;
    for (const StepInput& given : step.inputs)
      if (input(given).path.empty()) return untried(step);
    if (function == "train_pytorch_model") return training(step);
    if (function == "convert_to_image_directory") return conversion(step);
    std::map<std::string, std::string> values;
    if (value_of<bool>(step, "pretrained").value_or(false)) values["pretrained"] = "False";  // no download for a trial
    const Trial trial = attempt(step, values);
    if (!trial.whole) return untried(step);
    std::optional<std::size_t> all, few;
    for (const StepInput& given : step.inputs)
      if (input(given).images) std::tie(all, few) = std::tie(input(given).images, input(given).trial_images);
    return scaled(step, trial, all, few, 0);
  }

  /// Of a step that costs the same for each image, or the same whatever comes in.
  StepEstimate scaled(const Step& step, const Trial& trial, std::optional<std::size_t> all, std::optional<std::size_t> few,
                      double once) {
    StepEstimate row{step.name, step.component->name, false, all, {}, static_cast<double>(trial.peak_bytes), 0, ""};
    const double factor = all && few && *few > 0 ? static_cast<double>(*all) / static_cast<double>(*few) : 1;
    const double fixed = std::min(trial.seconds, start_ + once);
    row.seconds = fixed + (trial.seconds - fixed) * factor;
    row.basis = "tried" + (all ? " on " + std::to_string(few.value_or(*all)) + " images" : std::string());
    for (const runtime::PortSpec* const output : step.outputs) {
      const runtime::PortSpec& port = *output;
      Port made{trial.outputs / port.name, {}, {}, 0};
      const double bytes = bytes_below(made.path);
      if (port.type == "ImageDirectory") {
        made.trial_images = datasets::ImageDirectory::open(made.path, "trial").size();
        made.images = all ? output_images(step, port.name, *all) : *made.trial_images;
        row.disk += bytes * static_cast<double>(*made.images) / static_cast<double>(*made.trial_images);
      } else {
        made.images = all;  // a table has a row for each image
        made.trial_images = few;
        row.disk += port.type == "DataFrameDirectory" ? bytes * factor : bytes;  // of an evaluation nothing grows
      }
      ports_[step.name + "." + port.name] = made;
    }
    return row;
  }

  static std::size_t output_images(const Step& step, const std::string& port, std::size_t all) {
    const auto fraction = value_of<double>(step, "fraction");
    if (step.component->function != "split_image_directory" || !fraction) return all;
    const std::size_t first = datasets::first_size(all, *fraction);
    return port == "first" ? first : all - first;
  }

  /// All images are counted; the trial takes as many as a limit lets through.
  StepEstimate conversion(const Step& step) {
    const auto begin = Clock::now();
    const ScratchFolder unpacked;
    datasets::SourceOptions options{input(step, "input").path, *value_of<std::string>(step, "subset"), {}, nullptr, [&] {
                                      return unpacked.path() / "archive";
                                    }};
    fs::create_directory(unpacked.path() / "archive");
    const auto source = datasets::open_source(*value_of<std::string>(step, "format"), options);
    const double listing = seconds_since(begin);
    const std::size_t limit = static_cast<std::size_t>(value_of<std::int64_t>(step, "limit").value_or(INT64_MAX));
    const std::size_t all = std::min(limit, source.items.size()), categories = source.categories ? source.categories->size() : 1;
    const std::size_t few = std::min(all, std::max(most_, categories));
    const Trial trial = attempt(step, {{"limit", std::to_string(few)}});
    return trial.whole ? scaled(step, trial, all, few, listing) : untried(step);
  }

  StepEstimate training(const Step& step) {
    const Port &train = input(step, "training_dataset"), &valid = input(step, "validation_dataset");
    const auto batch = *value_of<std::int64_t>(step, "batch_size");
    const auto share = static_cast<std::int64_t>(*train.trial_images / local_processes(step));
    const std::int64_t few =
        std::min({batch, kMostBatch, std::max<std::int64_t>(share / kFewestSteps, std::min<std::int64_t>(2, share))});
    std::map<std::string, std::string> values = {
        {"epochs", "1"}, {"print_freq", "1"}, {"profile", "0"}, {"progressive_resize", "1"}, {"batch_size", std::to_string(few)}};
    if (processes(step) != local_processes(step)) values["node_count"] = "1";
    const Trial trial = attempt(step, values);
    const auto seen = training_trial(trial);
    if (!seen) return untried(step);
    const double scale = static_cast<double>(batch) / static_cast<double>(few);
    const datasets::BatchPlan plan(*train.images, static_cast<std::size_t>(batch), 0, static_cast<int>(processes(step)));
    const auto nodes = static_cast<double>(processes(step)) / static_cast<double>(local_processes(step));
    const double trial_batch = static_cast<double>(few) * static_cast<double>(local_processes(step));
    const double forward = seen->validation_seconds > 0 ? seen->validation_seconds / static_cast<double>(*valid.trial_images)
                                                        : seen->step_seconds * kForwardShare / trial_batch;
    const double epochs = static_cast<double>(*value_of<std::int64_t>(step, "epochs"));
    const double epoch =
        static_cast<double>(plan.steps()) * seen->step_seconds * scale + static_cast<double>(*valid.images) * forward / nodes;
    StepEstimate row{step.name, step.component->name, false, train.images, {}, 0, 0, ""};
    row.seconds = seen->around_seconds + epochs * epoch;
    row.memory = static_cast<double>(trial.peak_bytes) * static_cast<double>(local_processes(step)) * std::max(1.0, scale);
    Port made{trial.whole ? trial.outputs / "trained_model" : fs::path(), {}, {}, forward};
    row.disk = bytes_below(made.path.empty() ? input(step, "untrained_model").path : made.path);
    ports_[step.name + ".trained_model"] = made;
    row.basis = std::to_string(seen->steps) + " steps of " + figure(seen->step_seconds * 1e3, 0) + " ms (" +
                figure(trial_batch / seen->step_seconds, 1) + " images/s) at batch " + std::to_string(few) + "; " +
                std::to_string(plan.steps()) + " steps an epoch" +
                (seen->validation_seconds > 0 ? "" : "; validation not reached, taken as a third of a step") +
                (trial.whole ? "" : "; the model taken to be as large as the untrained one") +
                (scale > 1 ? "; memory, as time, taken to grow with the batch" : "");
    return row;
  }

  /// Of a step that had not come to its end when its time was up, or that needs the output of such a one.
  StepEstimate untried(const Step& step) {
    StepEstimate row{step.name, step.component->name,
                     false,     {},
                     {},        0,
                     0,         "it, or what it needs, was stopped after " + std::to_string(limit_) + " s: see --seconds"};
    double forward = 0;
    for (const StepInput& given : step.inputs) {
      if (input(given).images && !row.images) row.images = input(given).images;
      forward = std::max(forward, input(given).validation);
    }
    if (forward > 0 && row.images) {
      row.seconds = start_ + forward * static_cast<double>(*row.images);
      row.basis = "from the forward passes of the training";
    }
    for (const runtime::PortSpec* const port : step.outputs) ports_[step.name + "." + port->name] = {{}, row.images, {}, 0};
    return row;
  }

  const ScratchFolder scratch_;
  const TrialSettings settings_;
  const runtime::CheckedPlan& checked_;
  const std::size_t most_;  // images of a trial
  const int limit_;         // seconds of a step's trial
  double start_ = 0;        // seconds that every step takes to start
  int samples_ = 0;
  std::map<std::string, Port> ports_;  // by STEP.OUTPUT, or path and type
};

}  // namespace

std::string estimate(const runtime::CommandLine& cli, const std::vector<std::string>& words,
                     const std::vector<std::string>& worker_arguments) {
  const auto options = runtime::parse_options("estimate", words, kOptions, {"--json"});
  const int limit = seconds_of(options.last("--seconds", std::to_string(kStepLimit)));
  const runtime::CheckedPlan checked = runtime::checked_plan(cli, options, "estimate");
  const PipelineEstimate found = Estimator(cli, worker_arguments, checked, limit).run();
  return options.has("--json") ? estimate_json(found) : estimate_text(found);
}

}  // namespace torchport::component
