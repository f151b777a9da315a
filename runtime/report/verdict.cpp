#include "runtime/report/verdict.h"

#include <fstream>

#include "runtime/launch/launch.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFieldLimit = 1200;  ///< three of them and the names fit into 4096 bytes
constexpr std::size_t kTail = 8192;        ///< bytes at the end of a log in which its last lines stand

/// Escaped and at most `limit` bytes, cut where a character begins.
std::string fit(std::string text, std::size_t limit) {
  for (std::string escaped = escape(text);; escaped = escape(text) + "...") {
    if (escaped.size() <= limit) return escaped;
    std::size_t end = text.size() - std::max<std::size_t>(1, std::min(escaped.size() - limit, text.size()) / 4);
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
}

std::string quoted(const std::string& text) { return text.empty() ? "-" : "\"" + fit(text, kFieldLimit) + "\""; }

}  // namespace

std::string cause_of(const std::vector<Error>& errors, std::size_t limit) {
  std::string cause = errors.front().what();
  if (errors.size() > 1) cause += " (and " + std::to_string(errors.size() - 1) + " more)";
  return fit(cause, limit);
}

std::string fatal_line(const std::vector<Error>& errors, int rank, const std::string& step) {
  const Error& first = errors.front();
  std::array<char, 16> code{};
  std::snprintf(code.data(), code.size(), "%04d", first.code());
  return "FATAL code=" + first.class_name() + "/" + code.data() + " rank=" + std::to_string(rank) + " step=" + step + " cause=\"" +
         cause_of(errors, kFieldLimit) + "\" path=" + quoted(first.path()) + " hint=" + quoted(first.hint());
}

std::string result_line(int exit_status, std::optional<int> first_rank, const std::string& cause) {
  return "RESULT exit=" + std::to_string(exit_status) + " first_rank=" + (first_rank ? std::to_string(*first_rank) : "-") +
         " cause=\"" + cause + "\" checkpoint=none";
}

std::optional<Fatal> parse_fatal(const std::string& line) {
  const auto after = [&](const std::string& word) {
    const std::size_t at = line.find(word);
    return at == line.npos ? line.npos : at + word.size();
  };
  const std::size_t code = after("FATAL code="), rank = after(" rank="), cause = after(" cause=\"");
  if (!line.starts_with("FATAL code=") || rank == line.npos || cause == line.npos) return std::nullopt;
  Fatal fatal;
  fatal.error_class = line.substr(code, line.find('/', code) - code);
  std::from_chars(line.data() + rank, line.data() + line.size(), fatal.rank);
  for (std::size_t i = cause; i < line.size() && line[i] != '"'; ++i) {
    fatal.cause += line[i];
    if (line[i] == '\\' && i + 1 < line.size()) fatal.cause += line[++i];
  }
  return fatal;
}

std::vector<Fatal> read_fatals(const fs::path& logs) {
  std::map<int, Fatal> by_rank;
  std::error_code ignored;
  for (fs::directory_iterator entry(logs, ignored), end; entry != end; entry.increment(ignored)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with("70_driver_log_") || !entry->is_regular_file(ignored)) continue;
    if (name.find('.') != name.npos) continue;  // of an earlier run
    std::ifstream file(entry->path(), std::ios::binary);
    const auto size = static_cast<std::size_t>(entry->file_size(ignored));
    if (size > kTail) file.seekg(static_cast<std::streamoff>(size - kTail));
    for (std::string line; std::getline(file, line);)
      if (const auto fatal = parse_fatal(line)) by_rank.insert_or_assign(fatal->rank, *fatal);
  }
  std::vector<Fatal> fatals;
  for (const auto& [rank, fatal] : by_rank) fatals.push_back(fatal);
  return fatals;
}

}  // namespace torchport::runtime
