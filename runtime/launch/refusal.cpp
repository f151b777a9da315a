#include "runtime/launch/refusal.h"

#include "runtime/files/files.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/run_dir.h"
#include "runtime/report/error_info.h"
#include "runtime/report/verdict.h"

namespace torchport::runtime {

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
    problems.collect(
        [&] { record_refusal(prepare_run_dir(request, launched, /*fresh=*/true), request.component->name, problems.all()); });
  }
  problems.throw_if_any();
  throw std::logic_error("refuse: there is no problem");
}

}  // namespace torchport::runtime
