// Convert to Image Directory: any folder of images that datasets/sources/formats/ knows becomes an ImageDirectory.
#include "datasets/sources/image_source.h"
#include "runtime/launch/processing_units.h"
#include "runtime/request/context.h"

namespace torchport::component {
namespace {

void log_counts(runtime::Log& log, const datasets::ImageSource& source) {
  if (!source.categories) {
    log.info(std::to_string(source.items.size()) + " images without labels");
    return;
  }
  std::vector<std::size_t> counts(source.categories->size());
  for (const auto& item : source.items) ++counts[static_cast<std::size_t>(*item.label)];
  log.info(std::to_string(source.items.size()) + " images in " + std::to_string(counts.size()) + " categories:");
  for (std::size_t i = 0; i < counts.size(); ++i) log.info("  " + (*source.categories)[i] + ": " + std::to_string(counts[i]));
}

}  // namespace

void convert_to_image_directory(runtime::Context& ctx) {
  runtime::OutputDirectory output(ctx.output("output"));
  datasets::SourceOptions options{ctx.input("input"), ctx.param<std::string>("subset"), {},
                                  &ctx.log,           [&] { return output.scratch(); }, runtime::processing_units()};
  if (ctx.request.has("labels")) options.labels = datasets::read_labels(ctx.param<std::string>("labels"));
  datasets::ImageSource source = datasets::open_source(ctx.param<std::string>("format"), options);
  if (!options.labels.empty() && source.categories != options.labels) {
    ctx.log.warning("--labels is not used: the categories have names of their own");
  }
  if (ctx.request.has("limit")) datasets::limit_items(source, ctx.param<std::int64_t>("limit"), ctx.param<std::int64_t>("seed"));
  datasets::write_image_directory(source, output, options.threads);
  log_counts(ctx.log, source);
}

}  // namespace torchport::component
