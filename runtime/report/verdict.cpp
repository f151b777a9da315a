#include "runtime/report/verdict.h"

#include "runtime/files/files.h"
#include "runtime/text/json.h"
#include "runtime/text/json_text.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFieldLimit = 1200;       ///< three of them and the names fit into 4096 bytes
constexpr std::size_t kFailureLimit = 1 << 20;  ///< bytes of a failure's file

/// Escaped and at most kFieldLimit bytes, cut where a character begins.
std::string fit(std::string text) {
  for (std::string escaped = escape(text);; escaped = escape(text) + "...") {
    if (escaped.size() <= kFieldLimit) return escaped;
    std::size_t end = text.size() - std::max<std::size_t>(1, std::min(escaped.size() - kFieldLimit, text.size()) / 4);
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
}

/// What escape() made of quotes and backslashes, back; what it made visible stays so.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
    plain += text[i];
  }
  return plain;
}

std::string quoted(const std::string& text) { return text.empty() ? "-" : "\"" + fit(text) + "\""; }

}  // namespace

std::string cause_of(const std::vector<Error>& errors) {
  std::string cause = errors.front().what();
  if (errors.size() > 1) cause += " (and " + std::to_string(errors.size() - 1) + " more)";
  return fit(cause);
}

std::string fatal_line(const Failure& failure) {
  const Error& first = failure.errors.front();
  std::array<char, 16> code{};
  std::snprintf(code.data(), code.size(), "%04d", first.code());
  return "FATAL code=" + first.class_name() + "/" + code.data() +
         " rank=" + (failure.rank == kNoRank ? "-" : std::to_string(failure.rank)) + " step=" + failure.step + " cause=\"" +
         cause_of(failure.errors) + "\" path=" + quoted(first.path()) + " hint=" + quoted(first.hint());
}

std::string result_line(int exit_status, std::optional<int> first_rank, const std::string& cause, bool truncated,
                        const fs::path& checkpoint) {
  return "RESULT exit=" + std::to_string(exit_status) + " first_rank=" + (first_rank ? std::to_string(*first_rank) : "-") +
         " cause=\"" + cause + "\" checkpoint=" + (checkpoint.empty() ? "none" : quoted(checkpoint.string())) +
         (truncated ? " record=truncated" : "");
}

void write_failure(const fs::path& logs, int rank, const Failure& failure) {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (const Error& error : failure.errors) errors.push_back(parse_ordered_json(error.encode(), {}));
  const nlohmann::ordered_json json = {{"rank", failure.rank}, {"step", failure.step}, {"errors", errors}};
  write_file_atomically(logs / ("failure_" + std::to_string(rank) + ".json"), json_text(json));
}

std::vector<Failure> read_failures(const fs::path& logs) {
  std::vector<Failure> failures;
  std::error_code ignored;
  for (fs::directory_iterator entry(logs, ignored), end; entry != end; entry.increment(ignored)) {
    if (!rank_in(entry->path().filename().string(), "failure_", ".json")) continue;
    try {
      const auto json = parse_json(read_file(entry->path(), kFailureLimit));
      Failure failure{{}, json.at("rank").get<int>(), json.at("step").get<std::string>()};
      for (const auto& error : json.at("errors")) failure.errors.push_back(Error::decode(error.dump()));
      if (!failure.errors.empty()) failures.push_back(std::move(failure));
    } catch (const std::exception&) {  // not written by a rank of ours
    }
  }
  std::stable_sort(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) { return a.rank < b.rank; });
  return failures;
}

std::string LastLine::text(std::string_view field) const {
  const auto found = fields.find(field);
  return found == fields.end() ? "" : found->second;
}

std::optional<LastLine> read_last_line(std::string_view line, std::string_view word) {
  if (!line.starts_with(word) || !line.substr(word.size()).starts_with(' ')) return std::nullopt;
  line.remove_prefix(word.size());
  LastLine read;
  while (line.starts_with(' ')) {
    const std::size_t equals = line.find('=');
    if (equals == line.npos) return std::nullopt;
    const std::string name(line.substr(1, equals - 1));
    line.remove_prefix(equals + 1);
    std::string value;
    if (line.starts_with('"')) {
      std::size_t end = 1;
      while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
      if (end >= line.size()) return std::nullopt;
      value = unescape(line.substr(1, end - 1));
      line.remove_prefix(end + 1);
    } else {
      value = line.substr(0, line.find(' '));
      line.remove_prefix(value.size());
    }
    if (value != "-") read.fields[name] = value;
  }
  return line.empty() ? std::optional(read) : std::nullopt;
}

std::optional<int> rank_in(std::string_view name, std::string_view prefix, std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size()) return std::nullopt;
  name = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  int rank = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), rank);
  if (fault != std::errc() || end != name.data() + name.size() || rank < 0) return std::nullopt;
  return rank;
}

}  // namespace torchport::runtime
