#include "runtime/files/pieces.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/files/files.h"
#include "runtime/files/refused_file.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;

}  // namespace

FilePieces::FilePieces(const std::filesystem::path& path) : path_(path), fd_(open_regular_file(path)), buffer_(kPiece, '\0') {}

FilePieces::~FilePieces() { close(fd_); }

std::string_view FilePieces::next() {
  while (true) {
    const ssize_t got = read(fd_, buffer_.data(), buffer_.size());
    if (got >= 0) return std::string_view(buffer_).substr(0, static_cast<std::size_t>(got));
    if (errno != EINTR) refuse_reading(path_, errno);
  }
}

bool FileLines::next(std::string_view& line) {
  for (std::size_t searched = at_;;) {
    const std::size_t end = text_.find('\n', searched);
    const std::size_t length = std::min(end, text_.size()) - at_;
    if (length > longest_) {
      throw std::runtime_error("line " + std::to_string(count_ + 1) + " is longer than " + std::to_string(longest_) + " bytes");
    }
    if (end != text_.npos || (ended_ && length > 0)) {
      line = std::string_view(text_).substr(at_, length);
      at_ += std::min(length + 1, text_.size() - at_);
      ++count_;
      return true;
    }
    if (ended_) return false;
    text_.erase(0, at_);
    at_ = 0;
    searched = text_.size();
    const std::string_view piece = pieces_.next();
    ended_ = piece.empty();
    text_ += piece;
  }
}

}  // namespace torchport::runtime
