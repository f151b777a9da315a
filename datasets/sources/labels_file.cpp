#include "datasets/sources/labels_file.h"

#include <algorithm>
#include <sstream>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/utf8.h"

namespace torchport::datasets {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

}  // namespace

std::vector<std::string> read_labels(const std::filesystem::path& file) {
  std::string text;
  try {
    text = runtime::read_file(file, std::size_t{1} << 20);
  } catch (const std::runtime_error& error) {
    throw runtime::Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
  const auto refuse = [&](std::size_t line, const char* problem) {
    throw runtime::Error("FileParsingFailed.labels",
                         {{"path", file.string()}, {"line", std::to_string(line)}, {"problem", problem}});
  };
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte order mark, as Windows writes it
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) refuse(1, "is UTF-16, not UTF-8");
  std::vector<std::string> names;
  std::set<std::string> seen;
  std::istringstream lines(text.substr(0, text.find_last_not_of(kBlanks) + 1));
  for (std::string name; std::getline(lines, name);) {
    if (!name.empty() && name.back() == '\r') name.pop_back();
    const std::size_t line = names.size() + 1;
    if (name.find_first_not_of(kBlanks) == name.npos) refuse(line, "is blank");
    if (!seen.insert(name).second) refuse(line, "repeats an earlier one");
    if (!runtime::is_utf8(name)) refuse(line, "is not UTF-8");
    if (name.find('\0') != name.npos) refuse(line, "has a zero byte");
    names.push_back(std::move(name));
  }
  if (names.empty()) refuse(1, "is blank");
  return names;
}

}  // namespace torchport::datasets
