// torchport sync: brings what runs have to tell to a tracker that did not get it while they ran.
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/run_folders.h"
#include "runtime/report/run_record.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"
#include "runtime/tracking/mlflow_sync.h"

namespace torchport::component {
namespace fs = std::filesystem;
using namespace runtime;
namespace {

constexpr std::size_t kMostRecord = std::size_t{16} << 20;

/// What MLflow calls the end of a run whose journal has none: a signal ended it. "" while it may go on.
std::string status_of(const fs::path& run_dir) {
  try {
    const nlohmann::json record = parse_json(read_file(run_dir / "run.json", kMostRecord));
    const std::string state = has_died(record) ? "stopped" : runtime::text_of(record, "state");
    return state == "finished" ? "FINISHED" : state == "stopped" ? "KILLED" : state == "failed" ? "FAILED" : "";
  } catch (const std::runtime_error&) {  // nor does it say so
    return "";
  }
}

void sync_run(const Call& call, const fs::path& run_dir, const MlflowSettings& settings) {
  const std::atomic<bool> cancelled = false;
  MlflowSync sync(run_dir / kMlflowFolder, settings, cancelled,
                  [&](const std::string& note) { call.host.err << "warning: " << note << "\n"; });
  try {
    const std::size_t sent = sync.advance();
    if (const std::string status = sync.ended() ? "" : status_of(run_dir); !status.empty()) sync.end(status);
    call.host.out << visible(run_dir.string()) << ": "
                  << (sent == 0 ? "MLflow has all of it" : std::to_string(sent) + (sent == 1 ? " record sent" : " records sent"))
                  << ", " << sync.place() << std::endl;
  } catch (const MlflowError& fault) {
    throw Error("FailedToCompleteOperation.mlflow",
                {{"server", settings.server.url}, {"reason", fault.what()}, {"path", run_dir.string()}});
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& fault) {
    throw Error("CouldNotOpenFile.file", {{"path", (run_dir / kMlflowFolder).string()}, {"reason", fault.what()}});
  }
}

}  // namespace

int sync(Call& call) {
  const Arguments given = call.arguments();
  if (given.operands[0] != "mlflow")
    throw Error("ParameterParsing.no_operand", {{"command", call.spec.name}, {"operand", operands_text(call.spec)}});
  const MlflowSettings settings = mlflow_settings();
  if (settings.server.url.empty()) throw Error("ParameterParsing.no_mlflow", {{"reason", settings.why_none}});
  std::size_t found = 0;
  for (const RunFolder& run : run_folders(given.operands[1], given.get<std::string>("runs"))) {
    if (!has_mlflow_journal(run.path / kMlflowFolder)) continue;
    ++found;
    sync_run(call, run.path, settings);
  }
  if (found == 0) throw Error("CouldNotOpenFile.no_journal", {{"path", given.operands[1]}});
  return 0;
}

}  // namespace torchport::component
