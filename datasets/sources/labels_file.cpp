#include "datasets/sources/labels_file.h"

#include <algorithm>
#include <sstream>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/utf8.h"

namespace torchport::datasets {

std::vector<std::string> read_labels(const std::filesystem::path& file) {
  std::string text;
  try {
    text = runtime::read_file(file, std::size_t{1} << 20);
  } catch (const std::runtime_error& error) {
    throw runtime::Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  std::vector<std::string> names;
  std::istringstream lines(text);
  for (std::string name; std::getline(lines, name);) {
    if (!name.empty() && name.back() == '\r') name.pop_back();
    const bool twice = std::find(names.begin(), names.end(), name) != names.end();
    const char* problem = name.empty()              ? "is blank"
                          : twice                   ? "repeats an earlier one"
                          : !runtime::is_utf8(name) ? "is not UTF-8"
                                                    : nullptr;
    names.push_back(std::move(name));
    if (problem) {
      throw runtime::Error("FileParsingFailed.labels",
                           {{"path", file.string()}, {"line", std::to_string(names.size())}, {"problem", problem}});
    }
  }
  return names;
}

}  // namespace torchport::datasets
