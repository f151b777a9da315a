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

/// The second dataset beside the first, in the log and in run.json.
ComparedEvaluation compare(runtime::Context& ctx, const datasets::ScoredDataset& scored, const Evaluation& evaluation) {
  const datasets::ScoredDataset other = open_dataset(ctx, "compared_dataset");
  ComparedEvaluation compared{evaluate_scores(other), paired(scored, other)};
  nlohmann::json result = nlohmann::json::object();
  ctx.log.info("Compared: the scored dataset, the other one, and the difference.");
  for (const ComparedFigure& figure : compared_figures(evaluation, compared.evaluation)) {
    ctx.log.info(runtime::formatted("%-26s %9.5f %9.5f %+9.5f", figure.name.c_str(), figure.first, figure.second,
                                    figure.second - figure.first));
    result[figure.name] = {figure.first, figure.second};
  }
  if (const auto& pairs = compared.paired) {
    ctx.log.info(runtime::formatted(
        "Of the same %lld images both are right about %lld, only the first about %lld, only the other about "
        "%lld, and neither about %lld.",
        static_cast<long long>(pairs->images), static_cast<long long>(pairs->both), static_cast<long long>(pairs->first_only),
        static_cast<long long>(pairs->second_only), static_cast<long long>(pairs->neither)));
  } else {
    ctx.log.warning("The two scored datasets do not have the same images: their figures are of different ones.");
  }
  ctx.record.set("compared", result);
  return compared;
}

}  // namespace

void evaluate_model(runtime::Context& ctx) {
  const datasets::ScoredDataset scored = open_dataset(ctx, "scored_dataset");
  const Evaluation evaluation = evaluate_scores(scored);
  std::optional<ComparedEvaluation> compared;
  if (ctx.has_input("compared_dataset")) compared = compare(ctx, scored, evaluation);
  const std::size_t mistakes = count_mistakes(scored);
  report(ctx, evaluation, mistakes);
  ctx.events.picture({"Confusion matrix", [&] { return confusion_png(evaluation); }});
  runtime::OutputDirectory output(ctx.output("evaluation"));
  output.write("metrics.json", metrics_json(evaluation, compared ? &*compared : nullptr));
  output.write("confusion_matrix.csv", confusion_csv(evaluation));
  output.write("confusion_matrix.svg", confusion_svg(evaluation));
  output.write("mistakes.csv", mistakes_csv(scored));
  if (compared) output.write("comparison.csv", comparison_csv(compared_figures(evaluation, compared->evaluation)));
  output.publish(
      std::string("type: EvaluationDirectory\nextension: {}\nmetrics: metrics.json\nconfusion_matrix: confusion_matrix.csv\n"
                  "picture: confusion_matrix.svg\nmistakes: mistakes.csv\n") +
      (compared ? "comparison: comparison.csv\n" : ""));
  ctx.log.info("Mistakes: " + std::to_string(mistakes) + " of " + std::to_string(evaluation.rows) + " images, in '" +
               (ctx.output("evaluation") / "mistakes.csv").string() + "', those with the largest loss first.");
  if (mistakes > 0 && scored.origins.empty())
    ctx.log.warning("The scored dataset does not say where its images came from: mistakes.csv has their " +
                    std::string(scored.ids.empty() ? "categories only." : "ids only."));
  ctx.log.info("Saved the evaluation to '" + ctx.output("evaluation").string() + "'.");
}

}  // namespace torchport::component
