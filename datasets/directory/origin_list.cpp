#include "datasets/directory/origin_list.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "runtime/files/files.h"
#include "runtime/text/json.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// Begins the list; the number of its form, and then that of its rows, follow.
constexpr std::string_view kTitle = "torchport image origins ";
constexpr std::string_view kForm = "1 ";
constexpr std::size_t kLongestRow = std::size_t{64} << 10, kLongestList = std::size_t{4} << 30;
constexpr const char* kOther = "it does not fit the images";

bool plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

/// A JSON text: a line, whatever the name holds.
std::string quoted(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), plain)) return '"' + std::string(text) + '"';
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

void take(std::string_view& text, std::string_view wanted) {
  if (!text.starts_with(wanted)) throw std::runtime_error(kOther);
  text.remove_prefix(wanted.size());
}

/// Takes a JSON text from the front.
std::string take_quoted(std::string_view& text) {
  std::size_t end = text.starts_with('"') ? 1 : text.size();
  bool escaped = false;
  for (; end < text.size() && text[end] != '"' && text[end] != '\n'; ++end) {
    if (text[end] != '\\') continue;
    escaped = true;
    ++end;
  }
  if (end >= text.size() || text[end] != '"') throw std::runtime_error("a row is broken");
  std::string found(text.substr(1, end - 1));
  if (escaped) {
    const auto parsed = runtime::parse_json(text.substr(0, end + 1));
    found = parsed.get<std::string>();
  }
  text.remove_prefix(end + 1);
  return found;
}

std::size_t take_count(std::string_view& text) {
  std::size_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) throw std::runtime_error("a number is missing");
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  take(text, "\n");
  return count;
}

std::vector<std::string> parse(std::string_view text, std::size_t count, const std::function<std::string(std::size_t)>& key) {
  take(text, kTitle);
  if (!text.starts_with(kForm)) throw std::runtime_error("it is of another version");
  take(text, kForm);
  if (take_count(text) != count) throw std::runtime_error(kOther);
  std::vector<std::string> origins;
  origins.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (take_quoted(text) != key(i)) throw std::runtime_error(kOther);
    take(text, " ");
    origins.push_back(take_quoted(text));
    take(text, "\n");
  }
  if (!text.empty()) throw std::runtime_error(kOther);
  return origins;
}

}  // namespace

void OriginListWriter::add(std::string_view key, std::string_view origin) {
  rows_ += quoted(key);
  rows_ += ' ';
  rows_ += quoted(origin);
  rows_ += '\n';
  ++count_;
  known_ += !origin.empty();
}

void OriginListWriter::write(runtime::OutputDirectory& output) const {
  if (known_ == 0) return;
  output.write(kOriginList, std::string(kTitle) + std::string(kForm) + std::to_string(count_) + '\n' + rows_);
}

OriginList read_origins(const fs::path& root, std::size_t count, const std::function<std::string(std::size_t)>& key) {
  const fs::path file = root / kOriginList;
  std::error_code absent;
  if (!fs::exists(fs::symlink_status(file, absent))) return {};
  try {
    const std::size_t most = std::min(kLongestList, (count + 1) * kLongestRow);
    return {parse(runtime::read_file(runtime::resolve_inside(root, kOriginList), most), count, key), ""};
  } catch (const std::runtime_error& error) {
    return {{}, "The origins of the images noted in '" + file.string() + "' are not used: " + error.what() + "."};
  }
}

}  // namespace torchport::datasets
