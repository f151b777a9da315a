// The report of a run: one HTML file that needs nothing beside itself. Written by `torchport report`, by itself at the end of each
// run, and for `torchport view`.
#pragma once
#include <filesystem>
#include <string>

namespace torchport::component {

inline constexpr const char* kReportFile = "report.html";

struct ReportOptions {
  std::string language = "en";
  std::string script{};  ///< of a page that is served: what it does besides
};

/// The page of a run's folder, as it is to lie at `target`: its links are relative to that. \throws Error ParameterParsing.no_run
std::string report_page(const std::filesystem::path& folder, const std::filesystem::path& target, const ReportOptions& options);

/// Writes it. \throws Error ParameterParsing.no_run, FailedToWriteOutputs
void write_report(const std::filesystem::path& folder, const std::filesystem::path& target, const ReportOptions& options);

/// Leaves report.html in the folder of a run that has ended. Returns why it could not, or "": the run is worth more than its
/// report.
std::string leave_report(const std::filesystem::path& folder) noexcept;

}  // namespace torchport::component
