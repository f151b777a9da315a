#include "component/training/metrics.h"

#include <array>
#include <cstdio>

namespace torchport::component {

namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 512> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), format, values...);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

runtime::MetricRow row(const char* name, std::int64_t epoch, const char* column, double value) {
  return {name, {{"epoch", epoch}, {column, value}}};
}

}  // namespace

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
