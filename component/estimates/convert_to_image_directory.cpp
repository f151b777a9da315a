// A conversion: all images are counted, and the trial takes as many as a limit lets through.
#include <chrono>

#include "component/estimate/step_method.h"
#include "datasets/sources/image_source.h"
#include "runtime/clock.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

class Conversion : public StepMethod {
 public:
  using StepMethod::StepMethod;

  StepEstimate estimate(Workbench& bench) override {
    const auto begin = std::chrono::steady_clock::now();
    const ScratchFolder unpacked;
    fs::create_directory(unpacked.path() / "archive");
    datasets::SourceOptions options{
        .path = bench.input(step_, "input").path,
        .subset = *value<std::string>("subset"),
        .scratch = [&] { return unpacked.path() / "archive"; },
        .links = datasets::links_of(*value<std::string>("links")),
    };
    if (const auto map = value<std::string>("path_map")) options.path_map = datasets::read_path_map(*map);
    const auto source = datasets::open_source(*value<std::string>("format"), options);
    const double listing = runtime::seconds_since(begin);
    const auto limit = static_cast<std::size_t>(value<std::int64_t>("limit").value_or(INT64_MAX));
    const std::size_t all = std::min(limit, source.items.size()), categories = source.categories ? source.categories->size() : 1;
    const std::size_t few = std::min(all, std::max(bench.most_images(), categories));
    const Trial trial = bench.attempt(step_, {{"limit", std::to_string(few)}});
    return trial.whole ? scaled(bench, trial, all, few, listing) : untried(bench);
  }
};

}  // namespace

std::unique_ptr<StepMethod> convert_to_image_directory(const runtime::Step& step) { return std::make_unique<Conversion>(step); }

}  // namespace torchport::component
