#include "runtime/launch/slurm_job.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "runtime/files/files.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/slurm_script.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;
using OnText = std::function<void(std::string_view)>;

constexpr auto kLook = std::chrono::milliseconds(300);       ///< between two looks at the job's files
constexpr auto kAskOften = std::chrono::seconds(1);          ///< between two questions to Slurm, at first and near the end
constexpr auto kAskSeldom = std::chrono::seconds(5);         ///< later
constexpr auto kOftenFor = std::chrono::seconds(60);         ///< what is at first
constexpr auto kLastWords = std::chrono::milliseconds(500);  ///< for what the job's nodes have written to come to be seen here

constexpr int kNotFound = 127;  ///< exit status of a shell that has no such program

volatile std::sig_atomic_t stop_signal = 0;

/// Notes signals to stop while there is no child that run_child hands them on to.
class Noted {
 public:
  Noted() {
    stop_signal = 0;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      struct sigaction action {};
      action.sa_handler = [](int number) { stop_signal = number; };
      if (!is_ignored(signal)) before_.emplace_back(signal, exchanged(signal, action));
    }
  }
  ~Noted() {
    for (const auto& [signal, action] : before_) sigaction(signal, &action, nullptr);
  }
  Noted(const Noted&) = delete;
  Noted& operator=(const Noted&) = delete;

 private:
  static struct sigaction exchanged(int signal, const struct sigaction& action) {
    struct sigaction old {};
    sigaction(signal, &action, &old);
    return old;
  }
  std::vector<std::pair<int, struct sigaction>> before_;
};

/// A command's end and all that it says.
struct Answer {
  ChildEnd end;
  std::string text;
  bool good() const { return end.start_error.empty() && end.exit_status == 0 && end.signal == 0; }
};

Answer ask(const std::vector<std::string>& command) {
  Answer answer;
  answer.end = run_child(
      command, [&](std::string_view piece) { answer.text += piece; }, std::chrono::seconds(10), ChildOutput::read);
  if (answer.end.told_to_stop) stop_signal = answer.end.told_to_stop;
  return answer;
}

/// A file that somebody else writes: what is new since the last look.
class Tail {
 public:
  explicit Tail(fs::path path) : path_(std::move(path)) {}
  void look(const OnText& on_text) {
    const int fd = open(path_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    std::array<char, 65536> piece{};
    for (ssize_t got = 0; (got = pread(fd, piece.data(), piece.size(), at_)) > 0; at_ += got)
      on_text({piece.data(), static_cast<std::size_t>(got)});
    close(fd);
  }

 private:
  fs::path path_;
  off_t at_ = 0;
};

/// The value behind " KEY=" of a line of scontrol, to the next space.
std::string value_of(const std::string& line, const std::string& key) {
  const std::size_t found = line.find(" " + key + "=");
  if (found == line.npos) return "";
  const std::size_t begin = found + key.size() + 2;
  return line.substr(begin, line.find_first_of(" \n", begin) - begin);
}

int number_in(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// "5:0": an exit status and a signal.
void read_exit(const std::string& text, JobState& job) {
  job.exit_status = number_in(text);
  if (const std::size_t colon = text.find(':'); colon != text.npos) job.signal = number_in(text.substr(colon + 1));
}

class Follower {
 public:
  Follower(std::string job, const fs::path& run_dir, const OnText& on_text)
      : job_(std::move(job)), output_(run_dir / kJobOutput), errors_(run_dir / kJobErrors), on_text_(on_text) {}

  ChildEnd follow() {
    const auto start = Clock::now();
    auto asked = Clock::time_point{};
    JobState state;
    while (!state.ended()) {
      stop_if_told();
      look();
      const auto now = Clock::now();
      if (now - asked >= (now - start < kOftenFor || end_.told_to_stop ? kAskOften : kAskSeldom)) {
        state = current();
        tell(state);
        asked = now;
      }
      const timespec pause{0, std::chrono::nanoseconds(kLook).count()};
      if (!state.ended()) nanosleep(&pause, nullptr);  // a signal ends it
    }
    const timespec rest{0, std::chrono::nanoseconds(kLastWords).count()};
    nanosleep(&rest, nullptr);
    look();
    end_.exit_status = state.exit_status ? state.exit_status : state.signal ? 128 + state.signal : 0;
    if (end_.exit_status == 0 && state.state != "COMPLETED") end_.exit_status = 1;
    return end_;
  }

 private:
  void look() {
    output_.look([](std::string_view text) { write_all(STDOUT_FILENO, text); });
    errors_.look(on_text_);
  }

  /// A first signal lets the ranks end as they should, a second one does not.
  void stop_if_told() {
    const int signal = std::exchange(stop_signal, 0);
    if (signal == 0) return;
    std::vector<std::string> command{"scancel", job_};
    if (end_.told_to_stop) command.insert(command.begin() + 1, {"--signal=KILL", "--full"});
    end_.told_to_stop = signal;
    if (const Answer answer = ask(command); !answer.good()) on_text_(answer.text);
  }

  JobState current() {
    const Answer answer = ask({"scontrol", "show", "job", "-o", job_});
    JobState state = read_job_state(answer.text);
    if (answer.good() && !state.state.empty()) {
      silent_ = false;
      return state;
    }
    if (answer.text.find("Invalid job id") != std::string::npos) return remembered();
    if (!std::exchange(silent_, true)) on_text_("Slurm does not answer; torchport goes on asking: " + answer.text + "\n");
    return {};
  }

  /// Of a job that the controller has forgotten: what the accounting knows, where there is any.
  JobState remembered() {
    const Answer answer = ask({"sacct", "-X", "-n", "-P", "-j", job_, "-o", "State,ExitCode"});
    JobState state;
    state.state = answer.good() ? answer.text.substr(0, answer.text.find_first_of(" |\n")) : "";
    if (const std::size_t bar = answer.text.find('|'); bar != std::string::npos) read_exit(answer.text.substr(bar + 1), state);
    if (!state.ended()) state.state = "UNKNOWN";
    return state;
  }

  void tell(const JobState& job) {
    std::string text = job.state;
    if (!job.reason.empty() && job.reason != "None" && job.state == "PENDING") text += " (" + job.reason + ")";
    if (!job.nodes.empty() && job.state == "RUNNING") text += " on " + job.nodes;
    if (job.restarts > 0) text += ", restart " + std::to_string(job.restarts);
    if (!job.state.empty() && std::exchange(told_, text) != text) on_text_(job_line(job_, text));
  }

  std::string job_, told_;
  Tail output_, errors_;
  const OnText& on_text_;
  ChildEnd end_;
  bool silent_ = false;  ///< Slurm, and that is told
};

}  // namespace

bool JobState::ended() const {
  static const std::set<std::string> ends = {"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED",       "NODE_FAIL",
                                             "PREEMPTED", "REVOKED",   "TIMEOUT",   "UNKNOWN",  "OUT_OF_MEMORY"};
  return ends.count(state) > 0;
}

JobState read_job_state(const std::string& line) {
  JobState job{value_of(line, "JobState"),           value_of(line, "Reason"), value_of(line, "NodeList"), 0, 0,
               number_in(value_of(line, "Restarts"))};
  if (job.nodes == "(null)") job.nodes.clear();
  read_exit(value_of(line, "ExitCode"), job);
  return job;
}

std::string job_line(const std::string& job, const std::string& state) { return "Slurm job " + job + ": " + state + "\n"; }

ChildEnd run_job(const std::vector<std::string>& sbatch, const fs::path& run_dir, const OnText& on_text) {
  const Noted noted;
  // A signal that ended sbatch could leave a job behind whose number nobody knows.
  std::vector<std::string> deaf{"sh", "-c", "trap '' INT TERM HUP; exec \"$@\"", "sh"};
  deaf.insert(deaf.end(), sbatch.begin(), sbatch.end());
  const Answer submitted = ask(deaf);
  std::string job = submitted.text.substr(0, submitted.text.find_first_of(";\n"));
  if (!submitted.good() || job.empty() || job.find_first_not_of("0123456789") != job.npos) {
    on_text(submitted.text);
    ChildEnd end = submitted.end;
    if (end.exit_status == kNotFound) end.start_error = std::strerror(ENOENT);
    if (end.start_error.empty() && end.exit_status == 0) end.exit_status = 1;
    return end;
  }
  on_text(job_line(job, "submitted"));
  try {
    write_file_atomically(run_dir / "job.json", "{\"engine\": \"slurm\", \"job\": \"" + job + "\"}\n");
  } catch (const Error& error) {  // the job is there, and has to be followed
    on_text(std::string(error.what()) + "\n");
  }
  return Follower(job, run_dir, on_text).follow();
}

}  // namespace torchport::runtime
