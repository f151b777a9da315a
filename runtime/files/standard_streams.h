// The three descriptors that a program is started with, and writing to them so that neither a closed one, a slow reader nor a
// reader that went away ends a run. Used first thing by the two mains, by the log, and by whatever shows text on a terminal.
#pragma once
#include <streambuf>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// Opens /dev/null on those of the descriptors 0, 1 and 2 that are closed: else a file opened later would get the number, and what
/// is meant for the terminal would land in it.
void open_standard_streams();

/// Writes all of `text`; where the descriptor is non-blocking it waits for the reader, unless told not to. Returns 0 or the error.
int write_all(int fd, std::string_view text, bool wait = true);

/// Whether an error of write_all means that nobody reads any more: no fault of the run.
bool is_reader_gone(int error);

/// The columns of the terminal behind a descriptor; 0: it leads to none.
std::size_t terminal_width(int fd);

/// Behind a std::ostream: write_all to a descriptor. What nobody reads is dropped without an error.
class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int fd) : fd_(fd) {}
  /// Of the last write that failed, or 0.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  std::string waiting_;
  int fd_;
  int error_ = 0;
};

}  // namespace torchport::runtime
