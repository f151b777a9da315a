// The parts that a page is made of: sections, tables, notes, and charts with the table behind each.
// Used by the sections of the report; component/report/page/report.js draws the charts.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "component/report/html.h"
#include "component/report/page_files.h"

namespace torchport::component {

/// A page under construction.
struct Page {
  std::filesystem::path base;  ///< the folder that it will lie in: links are relative to it
  runtime::Language say;
  Html html{};
  nlohmann::json charts = nlohmann::json::array(), matrices = nlohmann::json::array();  ///< for report.js

  /// The target of a link to a file or folder.
  std::string link(const std::filesystem::path& path) const;
};

struct Cell {
  Cell(std::string said) : text(std::move(said)) {}
  Cell(const char* said) : text(said) {}
  Cell(std::string said, std::string target) : text(std::move(said)), link(std::move(target)) {}
  std::string text, link{};  ///< "": it leads nowhere
};
using Row = std::vector<Cell>;

void begin_section(Page& page, const std::string& id, const std::string& title);
void end_section(Page& page);
/// What a reader is to know of the page itself, such as what was left out.
void add_note(Page& page, const std::string& text);
/// Opens a table with its heads, up to its tbody; the rows follow. close_table() ends it.
void open_table(Page& page, const std::vector<std::string>& heads, const Html::Attributes& attributes = {});
void close_table(Page& page);
void add_table(Page& page, const std::vector<std::string>& heads, const std::vector<Row>& rows);
/// The same, to be opened by a click on `title`.
void add_folded_table(Page& page, const std::string& title, const std::vector<std::string>& heads, const std::vector<Row>& rows);

struct Series {
  std::string name;
  std::vector<std::optional<double>> values;  ///< nothing where there is none, as of a loss that is not finite
};

struct Chart {
  std::string title, x;             ///< what the horizontal axis counts
  std::vector<std::string> labels;  ///< along it
  std::vector<Series> series;
  std::string kind = "line";                                 ///< or "bar", or "stacked"
  std::vector<std::pair<std::size_t, std::string>> marks{};  ///< vertical lines: place among the labels, and what is said of it
  bool share = false;                                        ///< the scale is from 0 to 1
  std::optional<double> top{};                               ///< where the scale ends; what is above is not drawn
  std::string note{};                                        ///< said beneath it
};

/// The chart, a table of its numbers behind it. A scale that spans more than two powers of ten is logarithmic.
void add_chart(Page& page, const Chart& chart);

/// A number as tables show it: four digits that count; "-" where there is none.
std::string number_text(std::optional<double> value);

}  // namespace torchport::component
