// Convert to Image Directory: any folder of images that datasets/sources/formats/ knows becomes an ImageDirectory.
#include "datasets/sources/image_source.h"
#include "datasets/sources/labels_file.h"
#include "runtime/error/error.h"
#include "runtime/launch/processing_units.h"
#include "runtime/request/context.h"

namespace torchport::component {
namespace {

/// What became of everything in the input: taken, by category, and left out, by reason.
void report(runtime::Context& ctx, const datasets::ImageSource& source) {
  nlohmann::json account = source.account.json();
  account["images"] = source.items.size();
  std::string summary = std::to_string(source.items.size()) + " images without labels";
  if (!source.categories) {
    ctx.log.info(summary);
  } else {
    std::vector<std::size_t> counts(source.categories->size());
    for (const auto& item : source.items) ++counts[static_cast<std::size_t>(*item.label)];
    summary = std::to_string(source.items.size()) + " images in " + std::to_string(counts.size()) + " categories";
    ctx.log.info(summary + ":");
    for (std::size_t i = 0; i < counts.size(); ++i) {
      ctx.log.info("  " + (*source.categories)[i] + ": " + std::to_string(counts[i]));
      account["categories"][(*source.categories)[i]] = counts[i];
    }
  }
  for (const auto& line : source.account.lines()) line.warning ? ctx.log.warning(line.text) : ctx.log.info(line.text);
  ctx.record.set("account", std::move(account));
  ctx.record.set("summary", summary);
}

/// Found here, and not by the training some steps later.
void check_categories(const datasets::ImageSource& source, const std::string& input, std::int64_t wanted) {
  std::set<std::int32_t> found;
  for (const auto& item : source.items)
    if (item.label) found.insert(*item.label);
  if (found.size() >= static_cast<std::size_t>(wanted)) return;
  std::vector<runtime::Detail> rows = {{"images", std::to_string(source.items.size())}};
  for (const std::int32_t label : found) rows.push_back({"category", (*source.categories)[static_cast<std::size_t>(label)]});
  for (const auto& line : source.account.lines()) rows.push_back({"found", line.text});
  throw runtime::Error(
      "InvalidDataset.few_categories",
      {{"what", "input"}, {"path", input}, {"count", std::to_string(found.size())}, {"wanted", std::to_string(wanted)}}, rows);
}

/// The folder of runs, for those who convert the folder that they are in.
std::filesystem::path own_folder(const std::filesystem::path& run_dir) {
  return run_dir.parent_path().filename() == "runs" ? run_dir.parent_path() : run_dir;
}

}  // namespace

void convert_to_image_directory(runtime::Context& ctx) {
  runtime::OutputDirectory output(ctx.output("output"));
  datasets::SourceOptions options{.path = ctx.input("input"),
                                  .subset = ctx.param<std::string>("subset"),
                                  .log = &ctx.log,
                                  .scratch = [&] { return output.scratch(); },
                                  .threads = runtime::processing_units(),
                                  .links = datasets::links_of(ctx.param<std::string>("links")),
                                  .output = ctx.output("output"),
                                  .own = own_folder(ctx.run_dir)};
  if (ctx.request.has("path_map")) options.path_map = datasets::read_path_map(ctx.param<std::string>("path_map"));
  if (ctx.request.has("labels")) options.labels = datasets::read_labels(ctx.param<std::string>("labels"));
  datasets::ImageSource source = datasets::open_source(ctx.param<std::string>("format"), options);
  check_categories(source, ctx.input("input"), ctx.param<std::int64_t>("min_categories"));
  if (!options.labels.empty() && source.categories != options.labels)
    source.account.remark("--labels is not used: the categories have names of their own");
  if (ctx.request.has("limit")) datasets::limit_items(source, ctx.param<std::int64_t>("limit"), ctx.param<std::int64_t>("seed"));
  datasets::write_image_directory(source, output, options.threads, &ctx.log);
  report(ctx, source);
}

}  // namespace torchport::component
