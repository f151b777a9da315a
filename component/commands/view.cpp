// torchport view: the report of a run in a browser, while the run goes on.
#include <ostream>

#include "component/report/report_facts.h"
#include "component/view/page_server.h"
#include "runtime/cli/call.h"
#include "runtime/error/error.h"
#include "runtime/launch/run_dir.h"

namespace torchport::component {
namespace fs = std::filesystem;

namespace {

/// The run that was last written to.
std::string youngest(const fs::path& runs) {
  std::string name;
  fs::file_time_type latest = fs::file_time_type::min();
  std::error_code ignored;
  for (fs::directory_iterator entry(runs, ignored), end; entry != end; entry.increment(ignored)) {
    const auto time = entry->is_directory(ignored) && !runtime::is_latest(entry->path())
                          ? fs::last_write_time(entry->path(), ignored)
                          : fs::file_time_type::min();
    if (time > latest) name = entry->path().filename().string();
    latest = std::max(latest, time);
  }
  if (name.empty()) throw runtime::Error("ParameterParsing.no_run", {{"path", runs.string()}});
  return name;
}

}  // namespace

int view(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const fs::path runs = given.get<std::string>("runs");
  const fs::path folder = folder_of_run(given.operands.empty() ? youngest(runs) : given.operands.front(), runs);
  serve_run(folder, {static_cast<int>(given.get<std::int64_t>("port")), given.get<std::string>("lang")},
            [&](int port) { call.host.out << "http://127.0.0.1:" << port << "/" << std::endl; });
  return 0;
}

}  // namespace torchport::component
