// torchport quick: examples/photos/pipeline.yaml, on a folder of photos, with what counts of its results.
#include <ostream>

#include "component/check.h"
#include "component/commands/embedded.h"
#include "component/report/report.h"
#include "runtime/cli/call.h"
#include "runtime/cli/table_text.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/checked_plan.h"
#include "runtime/pipeline/run.h"
#include "runtime/text/format.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"
#include "runtime/text/utf8.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr runtime::JsonLimits kMetricsLimits{8, 20'000'000};  ///< a matrix of the most categories that are evaluated

constexpr std::size_t kWidestMatrix = 12;  // categories whose confusion matrix fits a terminal
constexpr const char *kPipeline = "photos.yaml", *kExample = "examples/photos/pipeline.yaml";

/// The example's text with something else in one place, so that the file in the run's folder is what ran.
void put(std::string& text, std::string_view there, const std::string& instead) {
  const std::size_t at = text.find(there);
  if (at == text.npos) throw std::logic_error(std::string(kExample) + " lacks " + std::string(there));
  text.replace(at, there.size(), instead);
}

/// What the text's lines stand for: those with the folder for what the user gave, others for the example's.
std::vector<std::string> places_in(const std::string& text) {
  std::vector<std::string> places;
  for (const std::string& line : runtime::split(text, '\n')) {
    const bool given = line.find(" photos: ") != line.npos || line.find(": inputs.photos}") != line.npos;
    places.push_back(given ? "the FOLDER of torchport quick" : std::string(kExample) + ":" + std::to_string(places.size() + 1));
  }
  return places;
}

runtime::Pipeline photos_pipeline(const runtime::Arguments& given, runtime::Problems& problems) {
  std::string text(embedded_examples().front().second);
  const std::string folder = fs::absolute(given.operands.front()).lexically_normal().string();
  if (!runtime::is_utf8(folder))  // a pipeline file is a text
    throw runtime::Error("InvalidDataset.bad_name", {{"what", "folder of photos"}, {"file", folder}, {"path", folder}});
  put(text, " ./photos ", " " + nlohmann::json(folder).dump() + " ");  // a text in JSON is one in YAML
  if (given.get<bool>("pretrained")) put(text, "pretrained: false", "pretrained: true");
  std::vector<std::string> places = places_in(text);
  return runtime::read_pipeline_text(std::move(text), kPipeline, runtime::settings_of(given, problems), problems,
                                     std::move(places));
}

/// The confusion matrix, where it fits a terminal: a row for each true category, a column for each predicted one.
void show_matrix(std::ostream& out, const nlohmann::json& metrics) {
  const auto& categories = metrics.at("categories");
  const auto& matrix = metrics.at("confusion_matrix");
  if (categories.size() > kWidestMatrix) return;
  std::vector<std::vector<std::string>> rows(1, {"true \\ predicted"});
  for (std::size_t i = 0; i < categories.size(); ++i) {
    rows.front().push_back(runtime::visible(categories[i].at("name").get<std::string>()));
    rows.push_back({rows.front().back()});
    for (const auto& count : matrix[i]) rows.back().push_back(count.dump());
  }
  out << "\n" << runtime::table_text(rows);
}

/// What came out, with the files to look at.
void show_results(const runtime::Call& call, const runtime::PipelineEnd& end, bool pretrained) {
  std::ostream& out = call.host.out;
  const fs::path evaluation = end.outputs.at("evaluate.evaluation");
  const auto metrics = runtime::parse_json(runtime::read_file(evaluation / "metrics.json", kMostBytes), kMetricsLimits);
  show_matrix(out, metrics);
  out << "\n"
      << runtime::formatted("%.1f %% of %d photos that were not trained on are in the right category.\n",
                            100 * metrics.at("accuracy").get<double>(), metrics.at("rows").get<int>())
      << runtime::table_text({{"report", (end.folder / kReportFile).string()},
                              {"mistakes", (evaluation / "mistakes.csv").string()},
                              {"picture", (evaluation / "confusion_matrix.svg").string()},
                              {"network", end.outputs.at("train.trained_model").string()},
                              {"pipeline", (end.folder / "pipeline.yaml").string()}});
  if (!pretrained) out << "With --pretrained the network begins with weights trained on ImageNet, which few photos need most.\n";
}

}  // namespace

int quick(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  call.subject = given.operands.front();
  const runtime::CheckedPlan checked = checked_plan(call.host, given, check_request, photos_pipeline);
  const bool quiet = given.get<bool>("quiet");
  const runtime::PipelineEnd end =
      runtime::run_pipeline(call.host, checked, call.command_line(), quiet ? runtime::Shown::faults : runtime::Shown::brief);
  if (const std::string why = leave_report(end.folder); !why.empty()) call.host.err << "warning: " << why << "\n";
  if (quiet) call.host.out << runtime::visible(end.folder.string()) << "\n";
  if (end.status == 0 && !quiet) show_results(call, end, given.get<bool>("pretrained"));
  return end.status;
}

}  // namespace torchport::component
