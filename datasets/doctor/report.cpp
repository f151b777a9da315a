#include "datasets/doctor/report.h"

#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kRowsShown = 8;  ///< of a table of counts

/// Names with their counts, the most frequent first: "64 x 64 (20), 32 x 32 (4)".
template <class Rows, class Name>
std::string counts(const Rows& rows, Name&& name) {
  std::vector<std::pair<std::size_t, std::string>> sorted;
  for (const auto& [key, count] : rows) sorted.emplace_back(count, name(key));
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> shown;
  for (const auto& [count, text] : sorted) {
    if (shown.size() == kRowsShown) break;
    shown.push_back(runtime::visible(text) + " (" + std::to_string(count) + ")");
  }
  if (sorted.size() > kRowsShown) shown.push_back("and " + std::to_string(sorted.size() - kRowsShown) + " more");
  return runtime::join(shown, ", ");
}

std::string size_text(const std::pair<int, int>& size) { return runtime::size_text(size.first, size.second); }

std::string contents_text(const Contents& contents) {
  std::string out = runtime::visible(contents.path) + ": " + std::to_string(contents.images) + " images, " +
                    std::to_string(contents.bytes) + " bytes\n";
  const auto same = [](const std::string& name) { return name; };
  if (contents.labelled) out += "  categories  " + counts(contents.categories, same) + "\n";
  if (!contents.sizes.empty()) out += "  sizes       " + counts(contents.sizes, size_text) + "\n";
  if (contents.blackened > 0)
    out += "  black       " + std::to_string(contents.blackened) +
           " images are smaller than the carried CenterCrop: black comes around them\n";
  if (!contents.modes.empty()) out += "  modes       " + counts(contents.modes, same) + "\n";
  for (const std::string& note : contents.notes) out += "  note        " + runtime::visible(note) + "\n";
  return out;
}

}  // namespace

std::string diagnosis_text(const Diagnosis& diagnosis, std::size_t most) {
  std::string out;
  for (const Contents& contents : diagnosis.datasets) out += contents_text(contents);
  std::map<std::string, std::size_t> shown;
  for (auto finding = diagnosis.findings.begin(); finding != diagnosis.findings.end(); ++finding) {
    const std::size_t number = ++shown[finding->kind];
    if (number <= most) {
      std::string label = finding->kind;
      std::replace(label.begin(), label.end(), '_', ' ');
      out += label + ": " + runtime::visible(finding->text) + "\n";
      for (const std::string& file : finding->files) out += "  " + runtime::visible(file) + "\n";
    }
    const bool last = std::next(finding) == diagnosis.findings.end() || std::next(finding)->kind != finding->kind;
    if (last && number > most) out += "  and " + std::to_string(number - most) + " more; --json shows all\n";
  }
  const std::size_t count = diagnosis.findings.size();
  return out + (count == 0 ? "no problems" : std::to_string(count) + (count == 1 ? " problem" : " problems")) + "\n";
}

std::string diagnosis_json(const Diagnosis& diagnosis) {
  Json datasets = Json::array(), findings = Json::array();
  for (const Contents& contents : diagnosis.datasets) {
    Json categories = Json::array(), sizes = Json::array(), modes = Json::array();
    for (const auto& [name, count] : contents.categories) categories.push_back({{"name", name}, {"images", count}});
    for (const auto& [size, count] : contents.sizes)
      sizes.push_back({{"width", size.first}, {"height", size.second}, {"images", count}});
    for (const auto& [mode, count] : contents.modes) modes.push_back({{"mode", mode}, {"images", count}});
    datasets.push_back({{"path", contents.path},
                        {"images", contents.images},
                        {"bytes", contents.bytes},
                        {"labelled", contents.labelled},
                        {"categories", categories},
                        {"sizes", sizes},
                        {"modes", modes},
                        {"notes", contents.notes},
                        {"exif_rotated", contents.turned}});
    if (contents.blackened > 0) datasets.back()["blackened"] = contents.blackened;
  }
  for (const Finding& finding : diagnosis.findings)
    findings.push_back({{"kind", finding.kind}, {"files", finding.files}, {"text", finding.text}});
  return Json{{"datasets", datasets}, {"problems", findings}}.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace torchport::datasets
