#include "runtime/files/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace torchport::runtime {
namespace {

constexpr int kLast = 2;             ///< the highest of the three
constexpr std::size_t kFull = 8192;  ///< bytes after which a buffer is written without being asked

}  // namespace

void open_standard_streams() {
  for (int fd = 0; fd <= kLast;) {
    fd = open("/dev/null", O_RDWR);  // the lowest number that is free
    if (fd > kLast) close(fd);
    if (fd < 0) return;
  }
}

int write_all(int fd, std::string_view text, bool wait) {
  while (!text.empty()) {
    const ssize_t done = write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno == EAGAIN && wait) {
      pollfd ready{fd, POLLOUT, 0};
      if (poll(&ready, 1, -1) < 0 && errno != EINTR) return errno;
      continue;
    }
    if (done <= 0) return done < 0 ? errno : EIO;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return 0;
}

std::size_t terminal_width(int fd) {
  constexpr std::size_t kUsual = 80;  // where the terminal does not tell
  if (!isatty(fd)) return 0;
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

// A terminal that hung up says EIO.
bool is_reader_gone(int error) { return error == EPIPE || error == EIO || error == ECONNRESET; }

DescriptorBuffer::int_type DescriptorBuffer::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return sync() == 0 ? traits_type::not_eof(c) : traits_type::eof();
  const char one = traits_type::to_char_type(c);
  return xsputn(&one, 1) == 1 ? c : traits_type::eof();
}

std::streamsize DescriptorBuffer::xsputn(const char* text, std::streamsize size) {
  waiting_.append(text, static_cast<std::size_t>(size));
  return waiting_.size() < kFull || sync() == 0 ? size : 0;
}

int DescriptorBuffer::sync() {
  const int error = write_all(fd_, waiting_);
  waiting_.clear();
  if (error == 0 || is_reader_gone(error)) return 0;
  error_ = error;
  return -1;
}

}  // namespace torchport::runtime
