// torchport report: what came of a run, as one HTML file.
#include "component/report/report.h"

#include "component/report/report_facts.h"
#include "runtime/cli/call.h"
#include "runtime/error/error.h"

namespace torchport::component {
namespace fs = std::filesystem;

int report(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  if (given.operands.size() != 1)
    throw runtime::Error("ParameterParsing.no_operand", {{"command", call.spec.name}, {"operand", operands_text(call.spec)}});
  const fs::path folder = folder_of_run(given.operands.front(), given.get<std::string>("runs"));
  write_report(folder, given.has("output") ? fs::path(given.get<std::string>("output")) : folder / kReportFile, {});
  return 0;
}

}  // namespace torchport::component
