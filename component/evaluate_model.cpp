// Evaluate Model: a labelled scored dataset in, its metrics, confusion matrix and a picture of that out (docs/contract.md,
// "Evaluate").
#include <cstdio>

#include "component/evaluation/confusion_png.h"
#include "component/evaluation/confusion_svg.h"
#include "component/evaluation/mistakes.h"
#include "component/evaluation/report.h"
#include "runtime/request/context.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace {

constexpr std::size_t kMaxCategories = 4096;  // its matrix has 16 million cells

datasets::ScoredDataset open_dataset(const runtime::Context& ctx, std::string_view port) {
  const auto directory = datasets::DataFrameDirectory::open(ctx.input(port), ctx.spec().input(port)->what());
  auto scored = datasets::read_scored_dataset(directory);
  const std::size_t found = all_categories(scored).size();
  if (found > kMaxCategories) {
    throw runtime::Error("NotScoredDataset.too_many_categories", {{"what", directory.what()},
                                                                  {"path", directory.root().string()},
                                                                  {"found", std::to_string(found)},
                                                                  {"wanted", std::to_string(kMaxCategories)}});
  }
  ctx.log.info("Rows: " + std::to_string(scored.rows()) + ", categories of the model: " + std::to_string(scored.classes.size()) +
               ".");
  if (found > scored.classes.size()) {
    ctx.log.warning(std::to_string(found - scored.classes.size()) +
                    " categories of the data are none of the model's: their probability counts as 0.");
  }
  if (!scored.doubt.empty()) ctx.log.warning(scored.doubt);
  return scored;
}

/// The figures in the log, in the record of metrics and in run.json.
void report(runtime::Context& ctx, const Evaluation& e, std::size_t mistakes) {
  const std::vector<std::pair<std::string, double>> figures = {{"accuracy", e.accuracy},
                                                               {"top_5_accuracy", e.top5},
                                                               {"macro_precision", e.macro.precision},
                                                               {"macro_recall", e.macro.recall},
                                                               {"macro_f1", e.macro.f1},
                                                               {"weighted_f1", e.weighted.f1},
                                                               {"log_loss", e.log_loss},
                                                               {"expected_calibration_error", e.calibration_error}};
  runtime::MetricRow row{"Evaluation", {{"rows", e.rows}}};
  nlohmann::json result = {{"rows", e.rows}};
  for (const auto& [name, value] : figures) {
    ctx.log.info(runtime::formatted("%-26s %.5f", name.c_str(), value));
    row.columns.emplace_back(name, value);
    result[name] = value;
  }
  result["mistakes"] = mistakes;
  ctx.events.result({row});
  ctx.record.set("result", result);
  ctx.record.set("summary", runtime::formatted("accuracy %.3f, mistakes %zu of %zu", e.accuracy, mistakes, e.rows));
}

}  // namespace

void evaluate_model(runtime::Context& ctx) {
  const datasets::ScoredDataset scored = open_dataset(ctx, "scored_dataset");
  const Evaluation evaluation = evaluate_scores(scored);
  const std::size_t mistakes = count_mistakes(scored);
  report(ctx, evaluation, mistakes);
  ctx.events.picture({"Confusion matrix", [&] { return confusion_png(evaluation); }});
  runtime::OutputDirectory output(ctx.output("evaluation"));
  output.write("metrics.json", metrics_json(evaluation));
  output.write("confusion_matrix.csv", confusion_csv(evaluation));
  output.write("confusion_matrix.svg", confusion_svg(evaluation));
  output.write("mistakes.csv", mistakes_csv(scored));
  output.publish(
      "type: EvaluationDirectory\nextension: {}\nmetrics: metrics.json\nconfusion_matrix: confusion_matrix.csv\n"
      "picture: confusion_matrix.svg\nmistakes: mistakes.csv\n");
  ctx.log.info("Mistakes: " + std::to_string(mistakes) + " of " + std::to_string(evaluation.rows) + " images, in '" +
               (ctx.output("evaluation") / "mistakes.csv").string() + "', those with the largest loss first.");
  if (mistakes > 0 && scored.origins.empty())
    ctx.log.warning("The scored dataset does not say where its images came from: mistakes.csv has their " +
                    std::string(scored.ids.empty() ? "categories only." : "ids only."));
  ctx.log.info("Saved the evaluation to '" + ctx.output("evaluation").string() + "'.");
}

}  // namespace torchport::component
