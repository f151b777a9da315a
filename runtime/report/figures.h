// What trackers show of events: a name and a number each, named as in metrics.jsonl. Called by the sinks tensorboard, prometheus
// and mlflow.
#pragma once
#include <string>
#include <vector>

#include "runtime/report/events.h"

namespace torchport::runtime {

struct Figure {
  std::string name;
  double value = 0;
};

/// "Train loss" of an epoch's row with one figure, "Rank times/1/data" of one with several and a rank, "Evaluation/accuracy".
std::vector<Figure> figures_of(const MetricRow& row);

/// "step/loss", "step/error", "step/images per second" and "step/learning rate".
std::vector<Figure> figures_of(const StepDone& step);

/// Whether trackers keep a step: of a long training every n-th, so that there are no more than 10,000. What they keep depends on
/// the step's number alone, whenever the training was stopped and went on.
bool is_kept(const StepDone& step);

/// Seconds since 1970.
double seconds_of(Time time);

}  // namespace torchport::runtime
