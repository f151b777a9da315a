#include "component/report/evaluation_section.h"

#include <algorithm>
#include <map>

#include "component/report/mistakes_section.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace {

constexpr std::size_t kTableMatrix = 30, kShownClasses = 20;  ///< categories of a matrix that is a table; of a table that is open
constexpr std::size_t kMostCells = 60'000;                    ///< of a matrix that is drawn

std::optional<double> number_in(const nlohmann::json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

Row figures_row(const std::string& name, const nlohmann::json& metrics) {
  const auto of = [&](const char* group, const char* figure) {
    const auto found = metrics.find(group);
    return found != metrics.end() && found->is_object() ? number_text(number_in(*found, figure)) : "-";
  };
  Row row;
  if (!name.empty()) row.emplace_back(name);
  for (const std::string& cell :
       {number_text(number_in(metrics, "rows")), number_text(number_in(metrics, "accuracy")),
        number_text(number_in(metrics, "top_5_accuracy")), of("macro", "f1"), of("weighted", "f1"),
        number_text(number_in(metrics, "log_loss")), number_text(number_in(metrics, "expected_calibration_error"))})
    row.emplace_back(cell);
  return row;
}

/// Which of two models is right about the same images.
void add_paired(Page& page, const nlohmann::json& pairs) {
  const auto count = [&](const char* key) { return number_text(number_in(pairs, key)); };
  add_table(
      page,
      {page.say("images"), page.say("both are right"), page.say("only the scored dataset"), page.say("only the compared one"),
       page.say("neither is right")},
      {{count("images"), count("both_right"), count("scored_dataset_only"), count("compared_dataset_only"), count("neither")}});
}

void add_figures(Page& page, const nlohmann::json& metrics) {
  const auto other = metrics.find("compared");
  const bool two = other != metrics.end() && other->is_object();
  std::vector<std::string> heads = {page.say("images"),           page.say("Top 1 accuracy"), page.say("Top 5 accuracy"),
                                    page.say("macro F1"),         page.say("weighted F1"),    page.say("log loss"),
                                    page.say("calibration error")};
  if (two) heads.insert(heads.begin(), page.say("scored dataset"));
  std::vector<Row> rows = {figures_row(two ? page.say("this one, shown below") : "", metrics)};
  if (two) rows.push_back(figures_row(page.say("the compared one"), *other));
  add_table(page, heads, rows);
  if (const auto pairs = metrics.find("paired"); pairs != metrics.end() && pairs->is_object()) add_paired(page, *pairs);
}

/// A table whose cells are buttons.
void add_table_matrix(Page& page, const EvaluationFacts& facts, std::size_t matrix) {
  const std::size_t count = facts.names.size();
  std::vector<std::int64_t> counts(count * count), support(count);
  for (const ConfusedPair& cell : facts.cells) {
    counts[cell.truth * count + cell.predicted] = cell.count;
    support[cell.truth] += cell.count;
  }
  page.html.open("div", {{"class", "scroll"}}).open("table", {{"class", "matrix"}, {"id", "matrix-" + std::to_string(matrix)}});
  page.html.open("thead").open("tr").element("th", page.say("true \\ predicted"), {{"scope", "col"}});
  for (const std::string& name : facts.names)
    page.html.open("th", {{"scope", "col"}}).element("span", name, {{"class", "upright"}}).close();
  page.html.close().close().open("tbody");
  for (std::size_t truth = 0; truth < count; ++truth) {
    page.html.open("tr").element("th", facts.names[truth], {{"scope", "row"}});
    for (std::size_t predicted = 0; predicted < count; ++predicted) {
      const std::int64_t found = counts[truth * count + predicted];
      const double share = support[truth] > 0 ? static_cast<double>(found) / static_cast<double>(support[truth]) : 0;
      page.html.open("td");
      page.html.element("button", std::to_string(found),
                        {{"type", "button"},
                         {"class", std::string(truth == predicted ? "right" : "wrong") + (found == 0 ? " none" : "")},
                         {"style", runtime::formatted("--share:%.3f", share)},
                         {"data-show", cell_of(matrix, truth, predicted)},
                         {"title", page.say("true {0}, predicted {1}: {2}",
                                            {facts.names[truth], facts.names[predicted], std::to_string(found)})}});
      page.html.close();
    }
    page.html.close();
  }
  page.html.close().close().close();
}

/// One that report.js draws.
void add_drawn_matrix(Page& page, std::size_t matrix, std::size_t left_out) {
  page.html.open("div", {{"class", "drawn"}});
  page.html.element("canvas", "",
                    {{"id", "matrix-" + std::to_string(matrix)},
                     {"class", "matrix"},
                     {"role", "img"},
                     {"aria-label", page.say("Confusion matrix")}});
  page.html.element("p", page.say("Rows: true categories, columns: predicted ones, in the order of the table of categories."),
                    {{"id", "pointed-" + std::to_string(matrix)}});
  page.html.close();
  if (left_out > 0) add_note(page, page.say("{0} cells with the smallest counts are left out.", {std::to_string(left_out)}));
}

void add_matrix(Page& page, const EvaluationFacts& facts, std::size_t matrix) {
  std::vector<ConfusedPair> cells = facts.cells;
  if (cells.size() > kMostCells) {
    std::stable_sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
    cells.resize(kMostCells);
  }
  nlohmann::json list = nlohmann::json::array();
  for (const ConfusedPair& cell : cells) list.push_back({cell.truth, cell.predicted, cell.count});
  page.matrices.push_back({{"names", facts.names}, {"cells", std::move(list)}});
  page.html.element("h3", page.say("Confusion matrix"));
  if (facts.names.size() <= kTableMatrix) {
    add_table_matrix(page, facts, matrix);
  } else {
    add_drawn_matrix(page, matrix, facts.cells.size() - cells.size());
  }
  page.html.open("div", {{"class", "examples"}, {"id", "examples-" + std::to_string(matrix)}, {"aria-live", "polite"}});
  page.html.element("p", page.say("A click on a cell shows examples."), {{"class", "note"}}).close();
}

void add_classes(Page& page, const EvaluationFacts& facts) {
  std::map<std::size_t, const ConfusedPair*> worst;  // pairs come by their number
  for (const ConfusedPair& pair : facts.pairs) worst.emplace(pair.truth, &pair);
  std::vector<Row> rows;
  const auto& categories = facts.metrics.at("categories");
  for (std::size_t i = 0; i < categories.size(); ++i) {
    const auto& one = categories[i];
    const auto confused = worst.find(i);
    rows.push_back({facts.names[i], number_text(number_in(one, "support")), number_text(number_in(one, "precision")),
                    number_text(number_in(one, "recall")), number_text(number_in(one, "f1")),
                    confused == worst.end()
                        ? std::string("-")
                        : facts.names[confused->second->predicted] + " (" + std::to_string(confused->second->count) + ")"});
  }
  const std::vector<std::string> heads = {page.say("category"), page.say("images"), page.say("precision"),
                                          page.say("recall"),   page.say("F1"),     page.say("most often taken for")};
  page.html.element("h3", page.say("Categories"));
  if (rows.size() <= kShownClasses) {
    add_table(page, heads, rows);
  } else {
    add_folded_table(page, page.say("{0} categories", {std::to_string(rows.size())}), heads, rows);
  }
}

/// How often the network is right, by how sure it is.
void add_reliability(Page& page, const nlohmann::json& metrics) {
  Chart chart{page.say("Reliability: how often the network is right, by how sure it is"),
              page.say("probability up to"),
              {},
              {
                  {page.say("accuracy"), {}},
                  {page.say("mean probability"), {}},
              }};
  Series images{page.say("images"), {}};
  for (const auto& bin : metrics.at("calibration_bins")) {
    const auto rows = number_in(bin, "rows");
    if (!rows || *rows == 0) continue;
    chart.labels.push_back(number_text(number_in(bin, "up_to")));
    chart.series[0].values.push_back(number_in(bin, "accuracy"));
    chart.series[1].values.push_back(number_in(bin, "confidence"));
    images.values.push_back(rows);
  }
  page.html.element("h3", page.say("Reliability"));
  page.html.open("div", {{"class", "charts"}});
  add_chart(page, chart);
  add_chart(
      page,
      {page.say("Images by probability of the predicted category"), page.say("probability up to"), chart.labels, {images}, "bar"});
  page.html.close();
}

}  // namespace

void add_evaluation(Page& page, const EvaluationFacts& facts, const std::string& name, const std::filesystem::path& folder,
                    MistakePictures& pictures) {
  const std::size_t matrix = page.matrices.size();
  begin_section(page, "evaluation-" + name, page.say("Evaluation: {0}", {name}));
  add_figures(page, facts.metrics);
  add_matrix(page, facts, matrix);
  if (facts.all_mistakes > 0) add_mistakes(page, facts, matrix, folder, pictures);
  add_classes(page, facts);
  add_reliability(page, facts.metrics);
  end_section(page);
}

}  // namespace torchport::component
