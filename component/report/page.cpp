#include "component/report/page.h"

#include <cmath>

#include "runtime/text/format.h"

namespace torchport::component {
namespace {

constexpr double kWideRange = 100;  ///< largest by smallest value of a logarithmic scale

bool is_wide(const Chart& chart) {
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (const Series& series : chart.series) {
    for (const auto& value : series.values) {
      if (!value) continue;
      least = std::min(least, *value);
      most = std::max(most, *value);
    }
  }
  return chart.kind == "line" && !chart.share && !chart.top && least > 0 && most > kWideRange * least;
}

nlohmann::json values_of(const Series& series) {
  nlohmann::json values = nlohmann::json::array();
  for (const auto& value : series.values) {
    // Six digits are more than a screen shows, and half of the bytes.
    values.push_back(value ? nlohmann::json(std::stod(runtime::formatted("%.6g", *value))) : nlohmann::json());
  }
  return values;
}

void add_rows(Page& page, const std::vector<std::string>& heads, const std::vector<Row>& rows) {
  Html& html = page.html;
  open_table(page, heads);
  for (const Row& row : rows) {
    html.open("tr");
    for (const Cell& cell : row) {
      html.open("td");
      if (cell.link.empty()) {
        html.text(cell.text);
      } else {
        html.element("a", cell.text, {{"href", cell.link}});
      }
      html.close();
    }
    html.close();
  }
  close_table(page);
}

}  // namespace

std::string Page::link(const std::filesystem::path& path) const { return link_to(path.lexically_proximate(base)); }

void begin_section(Page& page, const std::string& id, const std::string& title) {
  page.html.open("section", {{"id", id}}).element("h2", title);
}

void end_section(Page& page) { page.html.close(); }

void add_note(Page& page, const std::string& text) { page.html.element("p", text, {{"class", "note"}}); }

void open_table(Page& page, const std::vector<std::string>& heads, const Html::Attributes& attributes) {
  page.html.open("div", {{"class", "scroll"}}).open("table", attributes).open("thead").open("tr");
  for (const std::string& head : heads) page.html.element("th", head, {{"scope", "col"}});
  page.html.close().close().open("tbody");
}

void close_table(Page& page) { page.html.close().close().close(); }

void add_table(Page& page, const std::vector<std::string>& heads, const std::vector<Row>& rows) { add_rows(page, heads, rows); }

void add_folded_table(Page& page, const std::string& title, const std::vector<std::string>& heads, const std::vector<Row>& rows) {
  page.html.open("details").element("summary", title);
  add_rows(page, heads, rows);
  page.html.close();
}

std::string number_text(std::optional<double> value) { return value ? runtime::formatted("%.4g", *value) : "-"; }

void add_chart(Page& page, const Chart& chart) {
  const std::string id = "chart-" + std::to_string(page.charts.size());
  nlohmann::json series = nlohmann::json::array(), marks = nlohmann::json::array();
  for (const Series& one : chart.series) series.push_back({{"name", one.name}, {"values", values_of(one)}});
  for (const auto& [at, text] : chart.marks) marks.push_back({{"at", at}, {"text", text}});
  page.charts.push_back({{"id", id},
                         {"kind", chart.kind},
                         {"x", chart.x},
                         {"labels", chart.labels},
                         {"series", series},
                         {"marks", marks},
                         {"share", chart.share},
                         {"top", chart.share ? nlohmann::json(1)
                                 : chart.top ? nlohmann::json(*chart.top)
                                             : nlohmann::json()},
                         {"logarithmic", is_wide(chart)}});
  page.html.open("figure").element("figcaption", chart.title);
  page.html.open("div", {{"class", "chart"}}).element("canvas", "", {{"id", id}, {"role", "img"}, {"aria-label", chart.title}});
  page.html.close();
  for (const auto& [at, text] : chart.marks)
    if (!text.empty()) page.html.element("p", text, {{"class", "mark"}});
  if (!chart.note.empty()) page.html.element("p", chart.note, {{"class", "mark"}});
  std::vector<std::string> heads = {chart.x};
  for (const Series& one : chart.series) heads.push_back(one.name);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < chart.labels.size(); ++i) {
    Row row = {chart.labels[i]};
    for (const Series& one : chart.series) row.emplace_back(number_text(one.values[i]));
    rows.push_back(std::move(row));
  }
  add_folded_table(page, page.say("Table"), heads, rows);
  page.html.close();
}

}  // namespace torchport::component
