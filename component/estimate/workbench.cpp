#include "component/estimate/workbench.h"

#include "datasets/directory/image_directory.h"
#include "datasets/directory/image_subset.h"

namespace torchport::component {
namespace fs = std::filesystem;
using runtime::Step;
using runtime::StepInput;

Workbench::Workbench(const runtime::Host& host, std::size_t most, std::int64_t limit)
    : host_(host), most_(most), limit_(limit), start_(start_seconds(host)) {}

TrialPort Workbench::outside(const std::string& type, const fs::path& path) {
  if (type != "ImageDirectory") return {path, {}, {}, 0};
  const auto images = datasets::ImageDirectory::open(path, "image directory");
  if (images.size() <= most_) return {path, images.size(), images.size(), 0};
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < most_; ++i) rows.push_back(static_cast<std::uint32_t>(i * images.size() / most_));
  runtime::OutputDirectory sample(scratch_.path() / ("sample-" + std::to_string(++samples_)));
  datasets::write_subsets(images, {{rows, sample}});
  return {sample.target(), images.size(), most_, 0};
}

const TrialPort& Workbench::input(const StepInput& given) {
  const std::string key = given.is_wire() ? given.step + "." + given.output : given.path.string() + ":" + given.port->type;
  const auto known = ports_.find(key);
  return known != ports_.end() ? known->second : ports_[key] = outside(given.port->type, given.path);
}

const TrialPort& Workbench::input(const Step& step, std::string_view port) {
  return input(*std::find_if(step.inputs.begin(), step.inputs.end(), [&](const StepInput& one) { return one.port->name == port; }));
}

Trial Workbench::attempt(const Step& step, const std::map<std::string, std::string>& values) {
  return try_step(
      host_, scratch_.path(), step, values, [this](const StepInput& given) { return input(given).path; }, limit_);
}

}  // namespace torchport::component
