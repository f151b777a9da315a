#include "runtime/launch/slurm_script.h"

#include "runtime/error/exit_status.h"
#include "runtime/launch/engine.h"
#include "runtime/launch/run_files.h"
#include "runtime/report/progress_line.h"
#include "runtime/text/shell.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

/// For a comment, which stays on its line whatever the words hold.
std::string shown(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += " " + shell_word(word);
  return line;
}

/// For the shell, which gets the words to the byte.
std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    line += line.empty() ? "'" : " '";
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += "'";
  }
  return line;
}

/// A file name as sbatch reads it, where % begins a pattern.
std::string plain(const std::filesystem::path& path) {
  std::string text;
  for (const char c : path.string()) text += c == '%' ? "%%" : std::string(1, c);
  return text;
}

/// What an attempt leaves, as the shell's patterns.
std::string records() {
  std::vector<std::string> names;
  for (const RunFile& file : kRunFiles)
    if (file.kind == RunFile::record) names.emplace_back(file.name);
  return join(names, ",");
}

/// A rank's share of its node's cores; of a node whose units are GPUs the compute's flags say it.
std::int64_t cores_of_rank(const Request& request, const Compute& compute) {
  if (compute.text("device") == "cuda") return 0;
  return std::max<std::int64_t>(1, compute.integer("processing_units").value_or(1) / process_count(request));
}

}  // namespace

std::vector<std::string> sbatch_command(const Request& request, const Compute& compute, const std::filesystem::path& run_dir) {
  std::vector<std::string> command{"sbatch", "--parsable"};
  const auto add = [&](const std::string& flag, const std::string& value) { command.push_back("--" + flag + "=" + value); };
  add("job-name", "torchport-" + request.component->name);
  add("nodes", std::to_string(node_count(request)));
  add("ntasks-per-node", std::to_string(process_count(request)));
  if (const std::int64_t cores = cores_of_rank(request, compute)) add("cpus-per-task", std::to_string(cores));
  if (compute.text("device") == "cuda") add("gpus-per-node", std::to_string(process_count(request)));
  if (const std::string partition = compute.text("partition"); !partition.empty()) add("partition", partition);
  if (const std::string limit = compute.text("time_limit"); !limit.empty()) add("time", limit);
  const std::int64_t stop = compute.integer("stop_seconds").value_or(0);
  if (stop > 0) add("signal", "USR1@" + std::to_string(stop));
  command.emplace_back(compute.is_set("requeue") ? "--requeue" : "--no-requeue");
  add("chdir", std::filesystem::current_path().string());
  add("output", plain(run_dir / kJobOutput));
  add("error", plain(run_dir / kJobErrors));
  add("open-mode", "append");
  command.insert(command.end(), compute.list("flags").begin(), compute.list("flags").end());
  command.push_back((run_dir / kJobScript).string());
  return command;
}

std::string job_script(const Request& request, const Compute& compute, const std::vector<std::string>& worker,
                       const std::filesystem::path& run_dir, const std::vector<std::string>& submitted) {
  std::vector<std::string> srun{"srun", "--mpi=pmix", "--kill-on-bad-exit=1"};
  if (const std::int64_t cores = cores_of_rank(request, compute)) srun.push_back("--cpus-per-task=" + std::to_string(cores));
  srun.insert(srun.end(), worker.begin(), worker.end());
  std::string text = "#!/bin/bash\n# Submitted as:" + shown(submitted) + "\n";
  for (const std::string& line : compute.list("shell")) text += line + "\n";
  text += "export TORCHPORT_RUN_DIR=" + quoted({run_dir.string()}) + " TORCHPORT_RUN_READY=1 " + kTerminalVariable + "=0\n";
  text +=
      "restart=${SLURM_RESTART_COUNT:-0}\n"
      "if ((restart)); then   # what ended the attempt before is not to be blamed for this one's end\n"
      "  echo \"" +
      std::string(kRestarted) +
      "$restart\" >&2\n"
      "  for file in \"$TORCHPORT_RUN_DIR\"/{" +
      records() +
      "}; do\n"
      "    [[ ! -e $file ]] || mv \"$file\" \"$file.restart$restart\"\n"
      "  done\n"
      "fi\n";
  text += quoted(srun) + "\nstatus=$?\n";
  if (compute.is_set("requeue"))
    text += "if [[ $status == " + std::to_string(kCanGoOn) + " ]]; then scontrol requeue \"$SLURM_JOB_ID\"; fi\n";
  return text + "exit $status\n";
}

}  // namespace torchport::runtime
