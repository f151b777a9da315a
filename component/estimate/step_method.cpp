#include "component/estimate/step_method.h"

#include "datasets/directory/image_directory.h"

namespace torchport::component {

StepEstimate StepMethod::estimate(Workbench& bench) {
  const Trial trial = bench.attempt(step_, trial_values());
  if (!trial.whole) return untried(bench);
  std::optional<std::size_t> all, few;
  for (const runtime::StepInput& given : step_.inputs)
    if (bench.input(given).images) std::tie(all, few) = std::tie(bench.input(given).images, bench.input(given).trial_images);
  return scaled(bench, trial, all, few, 0);
}

StepEstimate StepMethod::scaled(Workbench& bench, const Trial& trial, std::optional<std::size_t> all,
                                std::optional<std::size_t> few, double once) const {
  StepEstimate found = row(all);
  found.memory = static_cast<double>(trial.peak_bytes);
  const double factor = all && few && *few > 0 ? static_cast<double>(*all) / static_cast<double>(*few) : 1;
  const double fixed = std::min(trial.seconds, bench.start() + once);
  found.seconds = fixed + (trial.seconds - fixed) * factor;
  found.basis = "tried" + (all ? " on " + std::to_string(few.value_or(*all)) + " images" : std::string());
  for (const runtime::PortSpec* const output : step_.outputs) {
    const runtime::PortSpec& port = *output;
    TrialPort made{trial.outputs / port.name, {}, {}, 0};
    const double bytes = bytes_below(made.path);
    if (port.type == "ImageDirectory") {
      made.trial_images = datasets::ImageDirectory::open(made.path, "trial").size();
      made.images = all ? images_out(port.name, *all) : *made.trial_images;
      found.disk += bytes * static_cast<double>(*made.images) / static_cast<double>(*made.trial_images);
    } else {
      made.images = all;  // a table has a row for each image
      made.trial_images = few;
      found.disk += port.type == "DataFrameDirectory" ? bytes * factor : bytes;  // of an evaluation nothing grows
    }
    bench.output(step_, port.name) = made;
  }
  return found;
}

StepEstimate StepMethod::untried(Workbench& bench) const {
  StepEstimate found = row({});
  found.basis = "it, or what it needs, was stopped after " + std::to_string(bench.limit()) + " s: see --seconds";
  double forward = 0;
  for (const runtime::StepInput& given : step_.inputs) {
    if (bench.input(given).images && !found.images) found.images = bench.input(given).images;
    forward = std::max(forward, bench.input(given).forward);
  }
  if (forward > 0 && found.images) {
    found.seconds = bench.start() + forward * static_cast<double>(*found.images);
    found.basis = "from the forward passes of the training";
  }
  for (const runtime::PortSpec* const port : step_.outputs) bench.output(step_, port->name) = {{}, found.images, {}, 0};
  return found;
}

}  // namespace torchport::component
