#include "component/training/metrics.h"

#include <ATen/ops/empty.h>

#include "runtime/text/format.h"

namespace torchport::component {

namespace {

using runtime::formatted;

constexpr std::int64_t kColumns = 7;  // of the table of epochs: all figures but the speed

/// A time, which no two trainings share.
std::string speed_name(std::int64_t epoch) { return "clock.images_per_second." + std::to_string(epoch); }

runtime::MetricRow row(const char* name, std::int64_t epoch, const char* column, double value) {
  return {name, {{"epoch", epoch}, {column, value}}};
}

}  // namespace

void write_epochs(const std::vector<EpochMetrics>& epochs, TrainingState& state) {
  const auto count = static_cast<std::int64_t>(epochs.size());
  const at::Tensor table = at::empty({count, kColumns}, at::kDouble);
  auto* row = table.mutable_data_ptr<double>();
  for (const EpochMetrics& m : epochs) {
    for (const double value :
         {static_cast<double>(m.epoch), m.learning_rate, m.train_loss, m.train_error, m.valid_loss, m.top1, m.top5})
      *row++ = value;
    state.set(speed_name(m.epoch), m.images_per_second);
  }
  state.set("epochs", std::vector<at::Tensor>{table});
}

std::vector<EpochMetrics> read_epochs(const TrainingState& state) {
  const at::Tensor table = state.tensors("epochs").at(0);
  std::vector<EpochMetrics> epochs;
  const auto* row = table.const_data_ptr<double>();
  for (std::int64_t i = 0; i < table.size(0); ++i, row += kColumns) {
    const auto epoch = static_cast<std::int64_t>(row[0]);
    epochs.push_back({epoch, row[1], state.real(speed_name(epoch)), row[2], row[3], row[4], row[5], row[6]});
  }
  return epochs;
}

std::string iteration_line(const IterationMetrics& m) {
  const auto n = static_cast<double>(m.iteration);
  return formatted(
      "Epoch: [%lld/%lld]\tIter: [%lld/%lld]\tAvg_Time_Batch/Avg_Time_Epoch(s): %.3f/%.3f\t"
      "Avg_Ips_Batch/Avg_Ips_Epoch(img/s): %.4f/%.4f\tAvg_Loss_Batch/Avg_Loss_Epoch: %.4f/%.4f\t"
      "Avg_Error_Batch/Avg_Error_Epoch: %.4f/%.4f",
      static_cast<long long>(m.epoch), static_cast<long long>(m.epochs), static_cast<long long>(m.iteration),
      static_cast<long long>(m.iterations), m.seconds, m.seconds_total / n, m.images / m.seconds, m.images_total / m.seconds_total,
      m.loss / m.images, m.loss_total / m.images_total, 1.0 - m.correct / m.images, 1.0 - m.correct_total / m.images_total);
}

std::string epoch_line(const EpochMetrics& m) {
  return formatted("Epoch %lld,train_ips %.2f,train_loss %.6f,train_error %.6f,valid_loss %.5f,top1 acc %.5f,top5 acc %.5f",
                   static_cast<long long>(m.epoch), m.images_per_second, m.train_loss, m.train_error, m.valid_loss, m.top1, m.top5);
}

runtime::EpochDone epoch_event(const EpochMetrics& m) {
  return {m.epoch,
          {row("learning rate", m.epoch, "lr", m.learning_rate),
           row("Train images per second", m.epoch, "train_ips", m.images_per_second),
           row("Train loss", m.epoch, "train_loss", m.train_loss), row("Train error", m.epoch, "train_error", m.train_error),
           row("Valid loss", m.epoch, "valid_loss", m.valid_loss), row("Top-1 validation accuracy", m.epoch, "top1_acc", m.top1),
           row("Top-5 validation accuracy", m.epoch, "top5_acc", m.top5)}};
}

runtime::StepDone step_event(const IterationMetrics& m) {
  runtime::StepDone step;
  step.epoch = m.epoch;
  step.epochs = m.epochs;
  step.step = m.iteration;
  step.steps = m.iterations;
  step.values = {m.loss / m.images, 1.0 - m.correct / m.images, m.images / m.seconds};
  step.epoch_so_far = {m.loss_total / m.images_total, 1.0 - m.correct_total / m.images_total, m.images_total / m.seconds_total};
  step.learning_rate = m.learning_rate;
  step.eta_seconds = m.eta_seconds;
  return step;
}

}  // namespace torchport::component
