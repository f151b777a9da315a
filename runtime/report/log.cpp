#include "runtime/report/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "runtime/error/error.h"
#include "runtime/files/refused_file.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/gathered_logs.h"
#include "runtime/report/log_line.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kLongestLine = 4096;  ///< bytes; a hostile name must not fill the disk
constexpr std::string_view kClearLine = "\r\x1b[K";

/// As Python's logging writes it: local time, milliseconds after a comma.
std::string time_stamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
  std::snprintf(text.data() + length, text.size() - length, ",%03d", static_cast<int>(since_epoch % 1000));
  return text.data();
}

/// Cuts at a character's border, leaving room for the line's end.
void shorten(std::string& line) {
  if (line.size() < kLongestLine) return;
  std::size_t end = kLongestLine - 16;
  while ((static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  line.resize(end);
  line += " ... (cut)";
}

}  // namespace

struct Log::State {
  Options options;
  std::mutex mutex;
  int fd = -1;
  int depth = 0;
  std::string bar;
  bool told = false;
  std::size_t sent = 0;  ///< lines that the launcher got

  /// A full disk must not end the run; it is told once on standard error.
  void to_file(std::string_view text) {
    if (fd < 0) return;
    write_all(STDERR_FILENO, sent_line(options.file.filename().string(), ++sent, text));
    const int error = write_all(fd, text, /*wait=*/false);  // a FIFO planted at that name must not hang us
    if (error == 0 || std::exchange(told, true)) return;
    write_all(STDERR_FILENO, "the log " + options.file.string() + " is incomplete: " + std::strerror(error) + "\n");
  }
};

Log::Log(Options options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  const std::filesystem::path& file = state_->options.file;
  if (file.empty()) return;
  // O_NONBLOCK: nor must opening one.
  state_->fd = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
  if (state_->fd < 0) refuse_writing(file, errno);
}

Log::~Log() {
  progress("");
  if (state_->fd >= 0) close(state_->fd);
}

void Log::line(std::string_view level, std::string_view message) {
  const std::lock_guard lock(state_->mutex);
  std::string text = log_line_head(time_stamp(), level);
  for (int i = 0; i < state_->depth; ++i) text += kBlockBar;
  text += printable(without_secrets(message));
  shorten(text);
  text += '\n';
  state_->to_file(text);
  if (!state_->options.console) return;
  if (state_->options.quiet) {
    const std::string head = level == "WARNING" ? "warning: " : "error: ";
    if (level != "INFO") write_all(STDERR_FILENO, head + printable(without_secrets(message)) + "\n");
    return;
  }
  if (!state_->bar.empty()) text = std::string(kClearLine) + text + state_->bar;
  write_all(STDOUT_FILENO, text);
}

void Log::raw(std::string_view text) {
  const std::lock_guard lock(state_->mutex);
  if (state_->fd < 0) return;
  std::string whole(text.substr(0, kLongestLine - 1));
  whole += '\n';
  state_->to_file(whole);
  fdatasync(state_->fd);
}

bool Log::has_progress() const { return state_->options.progress_bar && !state_->options.quiet; }

void Log::progress(std::string_view text) {
  const std::lock_guard lock(state_->mutex);
  if (!has_progress() || (text.empty() && state_->bar.empty())) return;
  state_->bar = visible(text);
  write_all(STDOUT_FILENO, std::string(kClearLine) + state_->bar);
}

Log::Block::Block(Log& log, std::string tag) : log_(log), tag_(std::move(tag)), start_(std::chrono::steady_clock::now()) {
  log_.info(tag_ + " - Start:");
  const std::lock_guard lock(log_.state_->mutex);
  ++log_.state_->depth;
}

Log::Block::~Block() {
  {
    const std::lock_guard lock(log_.state_->mutex);
    --log_.state_->depth;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), " - End with %.4fs elapsed.", elapsed.count());
  log_.info(tag_ + text.data());
}

}  // namespace torchport::runtime
