#include "component/training/trainer_options.h"

#include "component/images/loader_threads.h"
#include "runtime/report/run_record.h"

namespace torchport::component {
namespace {

// The reference page recommends a GPU for large datasets; on a CPU this long a training is worth a warning.
constexpr double kGpuAdviceSeconds = 6 * 3600;
constexpr std::size_t kMebibyte = std::size_t{1} << 20;

Recipe recipe(const runtime::Context& ctx) {
  return {.label_smoothing = ctx.param<double>("label_smoothing"),
          .norm_weight_decay = ctx.param<bool>("norm_weight_decay"),
          .accumulation_steps = ctx.param<std::int64_t>("accumulation_steps"),
          .ema_decay = ctx.param<double>("ema_decay"),
          .progressive_resize = ctx.param<double>("progressive_resize"),
          .mixup_alpha = ctx.param<double>("mixup_alpha"),
          .decay = ctx.param<std::string>("schedule") == "cosine" ? Decay::cosine : Decay::polynomial,
          .balanced_sampling = ctx.param<std::string>("sampling") == "balanced",
          .clip_gradient_norm = ctx.param<double>("clip_gradient_norm"),
          .sync_batch_norm = ctx.param<bool>("sync_batch_norm")};
}

EpochMetric metric(std::string_view name) { return name == "top1" ? EpochMetric::top1 : EpochMetric::loss; }

StopRule stop_rule(const runtime::Context& ctx) {
  return {.patience = ctx.param<std::int64_t>("patience"),
          .metric = metric(ctx.param<std::string>("early_stop_metric")),
          .against_best = ctx.param<std::string>("early_stop_reference") == "best",
          .min_delta = ctx.param<double>("min_delta")};
}

}  // namespace

TrainerOptions trainer_options(const runtime::Context& ctx, Precision precision) {
  return {.epochs = ctx.param<std::int64_t>("epochs"),
          .batch_size = ctx.param<std::int64_t>("batch_size"),
          .warmup_epochs = ctx.param<std::int64_t>("num_warmup_steps"),
          .learning_rate = ctx.param<double>("learning_rate"),
          .random_seed = ctx.param<std::int64_t>("random_seed"),
          .early_stop = stop_rule(ctx),
          .print_freq = ctx.param<std::int64_t>("print_freq"),
          .keep_best = ctx.param<std::string>("keep") == "best",
          .best_by = metric(ctx.param<std::string>("best_metric")),
          .max_bad_fraction = ctx.param<double>("max_bad_fraction"),
          .channels_last = ctx.param<std::string>("memory_format") == "channels_last",
          .precision = precision,
          .recipe = recipe(ctx),
          .cuda_graphs = ctx.param<bool>("cuda_graphs"),
          .loader_threads = loader_threads(ctx, ctx.param<std::int64_t>("loader_threads")),
          .fast_decode = ctx.param<std::string>("decode") == "fast",
          .cache_memory = static_cast<std::size_t>(ctx.param<std::int64_t>("cache_memory")) * kMebibyte,
          .profile = ctx.param<std::int64_t>("profile"),
          .trace_file = ctx.run_dir / ("trace_" + std::to_string(ctx.control.rank()) + ".json"),
          .first_batch_file = ctx.run_dir / runtime::kFirstBatchFile,
          .first_batch_told =
              [&ctx] {
                ctx.record.set("first_batch", runtime::kFirstBatchFile);
                ctx.record.save(ctx.run_dir);
              },
          .gpu_advice_seconds = kGpuAdviceSeconds};
}

}  // namespace torchport::component
