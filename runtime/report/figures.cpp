#include "runtime/report/figures.h"

#include <algorithm>

namespace torchport::runtime {
namespace {

constexpr std::int64_t kMostSteps = 10'000;

}  // namespace

std::vector<Figure> figures_of(const MetricRow& row) {
  const auto is_key = [](const auto& column) { return std::holds_alternative<std::int64_t>(column.second); };
  const bool of_epoch =
      std::any_of(row.columns.begin(), row.columns.end(), [](const auto& column) { return column.first == "epoch"; });
  std::string name = row.name;
  std::vector<Figure> figures;
  for (const auto& column : row.columns) {
    if (!of_epoch || !is_key(column)) {
      figures.push_back({column.first, std::visit([](auto value) { return static_cast<double>(value); }, column.second)});
    } else if (column.first != "epoch") {
      name += "/" + std::to_string(std::get<std::int64_t>(column.second));
    }
  }
  const bool alone = of_epoch && figures.size() == 1;
  for (Figure& figure : figures) figure.name = alone ? name : name + "/" + figure.name;
  return figures;
}

std::vector<Figure> figures_of(const StepDone& step) {
  return {{"step/loss", step.values.loss},
          {"step/error", step.values.error},
          {"step/images per second", step.values.images_per_second},
          {"step/learning rate", step.learning_rate}};
}

bool is_kept(const StepDone& step) {
  const std::int64_t every = std::max<std::int64_t>(1, (step.epochs * step.steps + kMostSteps - 1) / kMostSteps);
  return (step.global_step() - 1) % every == 0;
}

double seconds_of(Time time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

}  // namespace torchport::runtime
