#include "runtime/launch/refusal.h"

#include "runtime/files/files.h"
#include "runtime/launch/engine.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/run_dir.h"
#include "runtime/report/error_info.h"
#include "runtime/report/run_record.h"
#include "runtime/report/verdict.h"

namespace torchport::runtime {
namespace {

/// How many processes there are, or would have been.
int size_of(const Request& request, const std::optional<LaunchedAs>& launched) {
  if (launched) return std::max(1, launched->size);
  return wants_several_processes(request) ? static_cast<int>(node_count(request) * process_count(request)) : 1;
}

}  // namespace

void record_refusal(const std::filesystem::path& run_dir, std::string_view component, const std::vector<Error>& errors) {
  std::string log;
  for (const Error& error : errors) log += error.render(component);
  log += fatal_line({errors, kNoRank, "-"}) + "\n";
  log += result_line(errors.front().exit_status(), std::nullopt, cause_of(errors)) + "\n";
  write_file_atomically(run_dir / "module_statistics" / "error_info.json", error_info(errors));
  write_file_atomically(run_dir / "logs" / "70_mpi_log", log);
}

void refuse(const Request& request, Problems problems) {
  const auto launched = launched_as();
  const bool several = wants_several_processes(request) || launched;
  if ((names_run_dir(request) || several) && (!launched || launched->rank == 0)) {
    problems.collect([&] {
      const std::filesystem::path run_dir = prepare_run_dir(request, launched, /*fresh=*/true);
      record_refusal(run_dir, request.component->name, problems.all());
      RunRecord(request, size_of(request, launched)).save(run_dir);
      end_record(run_dir, "failed", problems.all().front().exit_status());
    });
  }
  problems.throw_if_any();
  throw std::logic_error("refuse: there is no problem");
}

}  // namespace torchport::runtime
