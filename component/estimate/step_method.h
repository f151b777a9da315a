// How a step is tried, and what its trial says about all images. component/estimates/<function>.cpp has a method for each component
// that needs one of its own: `std::unique_ptr<StepMethod> <function>(const runtime::Step&)`. Called by the estimate of a pipeline.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "component/estimate/estimate.h"
#include "component/estimate/workbench.h"
#include "runtime/spec/table.h"

namespace torchport::component {

/// Tries a step as it is, and takes its cost to grow with the images that enter it.
class StepMethod {
 public:
  explicit StepMethod(const runtime::Step& step) : step_(step) {}
  virtual ~StepMethod() = default;

  /// Images that its trial should have; the trials of all steps get those of the greediest.
  virtual std::size_t images_wanted() const { return 0; }
  /// Tries the step and fills in its outputs. All its inputs are there.
  virtual StepEstimate estimate(Workbench& bench);
  /// Of a step that had not ended when its time was up, or that needs the output of one that had not.
  StepEstimate untried(Workbench& bench) const;

 protected:
  /// Values that the trial has in place of the step's.
  virtual std::map<std::string, std::string> trial_values() const { return {}; }
  /// How many of `all` images an output has.
  virtual std::size_t images_out(const std::string& /*port*/, std::size_t all) const { return all; }

  /// The cost of `trial` with `few` images, scaled to `all`; `once` seconds of it are the same for any number.
  StepEstimate scaled(Workbench& bench, const Trial& trial, std::optional<std::size_t> all, std::optional<std::size_t> few,
                      double once) const;
  StepEstimate row(std::optional<std::size_t> images) const {
    return {step_.name, step_.component->name, false, images, {}, 0, 0, ""};
  }

  /// A value of the step, or nothing of an optional one without.
  template <class T>
  std::optional<T> value(std::string_view name) const {
    for (const auto* values : {&step_.parameters, &step_.run_settings})
      for (const runtime::StepValue& one : *values)
        if (one.spec->name == name) return std::get<T>(one.value);
    return std::nullopt;
  }
  /// Processes on a node.
  std::size_t local_processes() const {
    return static_cast<std::size_t>(value<std::int64_t>("process_count_per_node").value_or(1));
  }
  std::size_t nodes() const { return static_cast<std::size_t>(value<std::int64_t>("node_count").value_or(1)); }

  const runtime::Step& step_;
};

/// The generated table of component/estimates/.
const runtime::Table<std::unique_ptr<StepMethod>(const runtime::Step&)>& estimates();

}  // namespace torchport::component
