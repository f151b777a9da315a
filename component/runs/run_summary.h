// What a list of runs says of each: pipelines' and components', from what their folders hold. Read by `torchport runs`.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "component/report/report_facts.h"

namespace torchport::component {

struct RunSummary {
  std::filesystem::path folder;
  std::string what;     ///< the component, or "pipeline"
  std::string state;    ///< "lost": it was killed; "": nothing says
  std::string started;  ///< in UTC; "" where the record is older than that
  std::optional<double> seconds;
  std::optional<double> top1;  ///< of an evaluation, else of the epoch of a training that is kept, or is the best so far
  std::optional<double> loss;  ///< the log loss there, or the validation loss
  std::size_t steps = 0, finished_steps = 0;  ///< of a pipeline
  std::vector<RunSummary> earlier;            ///< of a component: the attempts before, the youngest first
  std::string attempt;                        ///< of one of those: what stands behind its files' names, ".1"
  std::string name() const { return folder.filename().string(); }
  /// run.json, or that of the attempt.
  std::filesystem::path record() const { return folder / ("run.json" + attempt); }
};

/// \throws Error ParameterParsing.no_run
RunSummary summary_of(const std::filesystem::path& folder);
RunSummary summary_of(const ReportFacts& facts);

/// The runs in a folder, the youngest first.
std::vector<RunSummary> summaries_in(const std::filesystem::path& runs);

/// Top-1 and loss of a single run of a component, as RunSummary has them.
std::pair<std::optional<double>, std::optional<double>> figures_of(const RunFacts& run);

/// For programs: null where nothing is known.
nlohmann::ordered_json json_of(const RunSummary& summary);

/// "0.934", or "-".
std::string figure_text(std::optional<double> value);
/// "1.2 s", or "-".
std::string time_text(std::optional<double> seconds);

}  // namespace torchport::component
