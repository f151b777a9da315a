#include "datasets/sources/path_map.h"

#include <algorithm>

#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    out += low >= 0 ? static_cast<char>(high * 16 + low) : text[i];
    if (low >= 0) i += 2;
  }
  return out;
}

/// Whether a path stays where it begins, and is one.
bool stays(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return !normal.empty() && normal.is_relative() && *normal.begin() != ".." && path.native().find('\0') == std::string::npos;
}

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

/// The path in an address: without AmlDatastore://STORE/, azureml://…/paths/, https://ACCOUNT/CONTAINER/. Decoded where it was one.
std::string path_in(const std::string& address) {
  const std::size_t scheme = address.find("://");
  if (scheme == address.npos)
    return address.substr(std::min(address.find_first_not_of('/'), address.size()));  // of another machine
  std::string_view rest = std::string_view(address).substr(scheme + 3);
  const bool web = address.starts_with("http");
  if (const std::size_t paths = rest.find("/paths/"); address.starts_with("azureml") && paths != rest.npos) {
    rest.remove_prefix(paths + 7);
  } else {
    for (int parts = web ? 2 : 1; parts > 0; --parts) rest.remove_prefix(std::min(rest.find('/'), rest.size() - 1) + 1);
  }
  return decoded(rest.substr(0, web ? rest.find('?') : rest.npos));
}

/// "a/b/c.jpg" without its first `parts`; "" where it has no more.
std::string_view end_of(std::string_view path, std::size_t parts) {
  for (; parts > 0 && !path.empty(); --parts) path.remove_prefix(std::min(path.find('/'), path.size() - 1) + 1);
  return path;
}

std::string folder_of(const std::string& address) { return address.substr(0, address.rfind('/') + 1); }

}  // namespace

std::vector<MappedPrefix> read_path_map(std::string_view text) {
  std::vector<MappedPrefix> map;
  for (const std::string& line : runtime::split(text, '\n')) {
    const std::size_t equal = line.rfind('=');
    if (equal == line.npos || equal == 0 || equal + 1 == line.size()) throw Error("ParameterParsing.path_map", {{"value", line}});
    map.push_back({line.substr(0, equal), line.substr(equal + 1)});
  }
  return map;
}

std::optional<fs::path> mapped(const std::vector<MappedPrefix>& map, const std::string& address) {
  const MappedPrefix* best = nullptr;
  for (const MappedPrefix& one : map)
    if (address.starts_with(one.prefix) && (!best || one.prefix.size() > best->prefix.size())) best = &one;
  if (!best) return std::nullopt;
  std::string rest = address.substr(best->prefix.size());
  if (address.find("://") != address.npos) rest = decoded(rest);
  rest.erase(0, std::min(rest.find_first_not_of('/'), rest.size()));
  if (!stays(rest)) return std::nullopt;
  return best->folder / fs::path(rest).lexically_normal();
}

std::vector<fs::path> find_images(const std::vector<std::string>& addresses, const std::vector<MappedPrefix>& map,
                                  const fs::path& root, const fs::path& folder, std::string& how) {
  std::vector<fs::path> files(addresses.size());
  std::vector<std::size_t> open, lost;  // places of those that are looked for, and of those that are not there
  std::vector<std::string> paths(addresses.size());
  std::size_t most = 0;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    paths[i] = path_in(addresses[i]);
    const auto by_map = mapped(map, addresses[i]);
    if (by_map) files[i] = *by_map;
    const bool beside =
        !by_map && addresses[i].find("://") == std::string::npos && stays(addresses[i]) && is_file(folder / addresses[i]);
    if (beside) files[i] = folder / fs::path(addresses[i]).lexically_normal();
    if (by_map && !is_file(files[i])) lost.push_back(i);
    if (!by_map && !beside) open.push_back(i);
    if (!by_map && !beside)
      most = std::max<std::size_t>(most, static_cast<std::size_t>(std::count(paths[i].begin(), paths[i].end(), '/')));
  }
  std::vector<std::size_t> fewest = open;
  for (std::size_t parts = 0; parts <= most && !open.empty(); ++parts) {
    std::vector<std::size_t> missing;
    for (const std::size_t i : open) {
      const std::string_view end = end_of(paths[i], parts);
      if (stays(paths[i]) && stays(end) && is_file(root / end))
        files[i] = root / fs::path(end).lexically_normal();
      else
        missing.push_back(i);
    }
    if (missing.size() < fewest.size()) fewest = missing;
    if (!missing.empty()) continue;
    how = "The images are those below " + root.string() + " whose paths are those of the label file without the first " +
          std::to_string(parts) + " parts, as of " + addresses[open.front()] + ": " + files[open.front()].string();
    fewest.clear();
    break;
  }
  lost.insert(lost.end(), fewest.begin(), fewest.end());
  if (lost.empty()) return files;
  const std::string& first = addresses[*std::min_element(lost.begin(), lost.end())];
  throw Error("InvalidDataset.label_images", {{"count", std::to_string(lost.size())},
                                              {"total", std::to_string(addresses.size())},
                                              {"path", root.string()},
                                              {"first", first},
                                              {"head", folder_of(first)}});
}

}  // namespace torchport::datasets
