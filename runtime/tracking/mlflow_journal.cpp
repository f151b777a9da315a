#include "runtime/tracking/mlflow_journal.h"

#include <unistd.h>

#include "runtime/files/refused_file.h"
#include "runtime/text/json.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPiece = 1 << 18;
constexpr std::size_t kMostRest = std::size_t{16} << 20;  ///< bytes of a line; ours have a few thousand

fs::path file_of(const fs::path& folder, int number) { return folder / (std::to_string(number) + ".jsonl"); }

int next_number(const fs::path& folder) {
  int number = 1;
  std::error_code ignored;
  while (fs::exists(fs::symlink_status(file_of(folder, number), ignored))) ++number;
  return number;
}

const fs::path& made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse_writing(folder, error.value());
  return folder;
}

}  // namespace

bool has_mlflow_journal(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(file_of(folder, 1), ignored);
}

MlflowWriter::MlflowWriter(const fs::path& folder) : file_(file_of(made(folder), next_number(folder))) {}

void MlflowWriter::add(const MlflowRecord& record) {
  file_.write(record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

/// Whether there was more to read in the current file.
bool MlflowReader::read_more() {
  if (rest_.size() > kMostRest) throw std::runtime_error("a line of the journal is too long");
  const int fd = open_regular_file(file_of(folder_, file_));
  std::string piece(kPiece, '\0');
  const ssize_t got = pread(fd, piece.data(), piece.size(), static_cast<off_t>(read_));
  const int error = errno;
  close(fd);
  if (got < 0) throw std::runtime_error(std::strerror(error));
  rest_.append(piece, 0, static_cast<std::size_t>(got));
  read_ += static_cast<std::uintmax_t>(got);
  return got > 0;
}

std::optional<nlohmann::json> MlflowReader::next() {
  std::size_t end = rest_.find('\n');
  while (end == rest_.npos) {
    if (!read_more()) {
      if (!fs::exists(file_of(folder_, file_ + 1))) return std::nullopt;
      if (read_more()) continue;  // its writer's last words, between the two questions
      ++file_;
      read_ = 0;
      rest_.clear();
    }
    end = rest_.find('\n');
  }
  nlohmann::json record = parse_json(std::string_view(rest_).substr(0, end));
  rest_.erase(0, end + 1);
  if (!record.is_object() || !record.contains("kind") || !record["kind"].is_string())
    throw std::runtime_error("record " + std::to_string(count_ + 1) + " of the journal has no kind");
  ++count_;
  return record;
}

}  // namespace torchport::runtime
