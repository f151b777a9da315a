#include "component/collectives/nccl_log.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "runtime/files/files.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 20, kLastLines = 3;

std::vector<std::string> lines_of(const std::filesystem::path& log) {
  try {
    std::vector<std::string> lines = runtime::split(runtime::read_file(log, kMostBytes), '\n');
    std::erase(lines, "");
    return lines;
  } catch (const std::runtime_error&) {  // there is none where the user has NCCL write elsewhere
    return {};
  }
}

/// The word after the last `key` of a line, or "".
std::string word_after(const std::string& line, std::string_view key) {
  const auto found = line.rfind(key);
  if (found == std::string::npos) return "";
  const auto begin = found + key.size();
  return line.substr(begin, line.find_first_of(" <", begin) - begin);
}

}  // namespace

std::filesystem::path nccl_log(const std::filesystem::path& run_dir, int rank) {
  return run_dir / "logs" / ("nccl_" + std::to_string(rank));
}

void tune_nccl(const std::filesystem::path& log) {
  setenv("NCCL_DEBUG", "INFO", /*overwrite=*/0);
  setenv("NCCL_DEBUG_SUBSYS", "INIT,BOOTSTRAP,NET,P2P,SHM", 0);
  setenv("NCCL_DEBUG_FILE", log.c_str(), 0);
}

std::vector<runtime::Detail> last_words(const std::filesystem::path& log) {
  const auto lines = lines_of(log);
  std::vector<runtime::Detail> words;
  for (std::size_t i = lines.size() - std::min(lines.size(), kLastLines); i < lines.size(); ++i)
    words.push_back({"NCCL", lines[i]});
  return words;
}

std::vector<std::string> transports(const std::filesystem::path& log) {
  std::set<std::string> found;
  for (const auto& line : lines_of(log)) {
    if (line.find(" Channel ") != std::string::npos) found.insert(word_after(line, " via "));
  }
  found.erase("");
  return {found.begin(), found.end()};
}

std::string network_interface(const std::filesystem::path& log) {
  for (const auto& line : lines_of(log)) {
    if (const auto name = word_after(line, "Bootstrap: Using "); !name.empty()) return name;
  }
  return "";
}

}  // namespace torchport::component
