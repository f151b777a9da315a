// torchport report: what came of a run, as one HTML file.
#include "component/report/report.h"

#include "component/report/report_facts.h"
#include "runtime/cli/call.h"

namespace torchport::component {
namespace fs = std::filesystem;

int report(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const fs::path folder = folder_of_run(given.operands.front(), given.get<std::string>("runs"));
  write_report(folder, given.has("output") ? fs::path(given.get<std::string>("output")) : folder / kReportFile,
               {given.get<std::string>("lang")});
  return 0;
}

}  // namespace torchport::component
