// Child processes without a shell: an argument array, its standard error read here, its life tied to ours.
// Used by the launcher, pipelines, estimates and pictures of graphs.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

/// How a child ended.
struct ChildEnd {
  int exit_status = 0;          ///< of a child that exited
  int signal = 0;               ///< that ended it, or 0
  int told_to_stop = 0;         ///< the SIGTERM, SIGINT, SIGHUP or SIGUSR1 that we got and handed on, or 0
  std::string start_error;      ///< why it could not be started, or ""
  std::int64_t peak_bytes = 0;  ///< the most memory that it, or one of the processes that it started and waited for, had
};

/// Where a child's standard output goes: where ours goes, nowhere, or to the reader of its standard error; drawn: to that
/// reader, which shows the child's progress on a terminal.
enum class ChildOutput { shared, dropped, read, drawn };

/// From now on a closed pipe and a file size limit are errors of write(2) here, not the end of the process. Children that run_child
/// starts get the signals back.
void ignore_write_signals();

/// Whether this process was started so that it does not notice a signal: by nohup, or in the background.
bool is_ignored(int signal);

/// Replaces this process. Returns the reason if that fails.
std::string replace_process(const std::string& program, const std::vector<std::string>& arguments);

/// Runs `arguments` (the program, found in PATH, is the first) with standard input empty, standard output shared or dropped, and
/// hands each piece of its standard error to `on_error_text`. SIGTERM, SIGINT, SIGHUP and SIGUSR1 are handed on, unless we ignore
/// them, as `instead` where that is a signal; a child that does not end within `patience` of that, or of a second one, is killed.
/// The child dies with us. `order`, where there is one, is asked a few times a second for a signal that the child and its group get
/// now; 0: none.
ChildEnd run_child(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_error_text,
                   std::chrono::seconds patience = std::chrono::seconds(10), ChildOutput output = ChildOutput::shared,
                   int instead = 0, const std::function<int()>& order = {});

}  // namespace torchport::runtime
