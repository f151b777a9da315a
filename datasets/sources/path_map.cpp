#include "datasets/sources/path_map.h"

#include <algorithm>

#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

constexpr int kMostParts = 255;  ///< folders before those that lie below the input
constexpr std::string_view kScheme = "://", kPaths = "/paths/", kSeparators = "/\\";

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

bool is_address(std::string_view text) { return text.find(kScheme) != text.npos; }

bool has_backslash(std::string_view path) { return path.find('\\') != path.npos; }

std::string with_slashes(std::string path) {
  std::replace(path.begin(), path.end(), '\\', '/');
  return path;
}

std::string without_root(std::string path) { return path.erase(0, std::min(path.find_first_not_of('/'), path.size())); }

/// Without the query and the fragment of a web address, such as a signature.
std::string_view without_query(std::string_view address) {
  return address.starts_with("http") && is_address(address) ? address.substr(0, address.find_first_of("?#")) : address;
}

/// Without its first `parts`: of "a/b/c.jpg" and 1 "b/c.jpg"; "" where it has no more.
std::string_view end_of(std::string_view path, int parts) {
  for (; parts > 0 && !path.empty(); --parts) path.remove_prefix(std::min(path.find('/'), path.size() - 1) + 1);
  return path;
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

/// Whether the links on the way to a file may be followed.
bool allowed(const fs::path& folder, const fs::path& rest, Links links) {
  if (links == Links::follow) return true;
  const fs::path root = fs::canonical(folder), real = fs::canonical(folder / rest);
  if (links == Links::skip) return real == root / rest;
  return std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
}

std::ptrdiff_t depth(std::string_view path) { return std::count(path.begin(), path.end(), '/'); }

/// Looks for addresses below the root by ever shorter ends of their paths.
class Search {
 public:
  Search(const std::vector<std::string>& addresses, const ImagePlaces& places) : addresses_(addresses), places_(places) {
    for (const std::string& image : places.images) {
      deepest_ = std::max(deepest_, depth(image));
      if (has_backslash(image)) odd_.push_back(image);
    }
  }

  /// Whether the path of this address lies beside the label file; else it is looked for by its end.
  void add(std::size_t at, FoundImages& found) {
    const bool separators = has_backslash(addresses_[at]) && !is_name(addresses_[at]);
    const std::string address = separators ? with_slashes(addresses_[at]) : addresses_[at];
    if (!is_address(address) && stays(address)) {
      if (const std::string* const file = image(places_.beside + address)) {
        found.files[at] = places_.root / *file;
        return;
      }
    }
    std::string path = path_in(address);
    const std::ptrdiff_t folders = depth(path);
    if (!stays(path)) path.clear();
    open_.push_back({at, std::move(path), folders});
  }

  /// Finds the others. Returns the places of those that are not there.
  std::vector<std::size_t> run(FoundImages& found) const {
    std::vector<std::size_t> fewest;
    for (const Open& one : open_) fewest.push_back(one.at);
    for (int parts = 0; parts <= kMostParts && !open_.empty(); ++parts) {
      std::vector<std::size_t> missing;
      for (const Open& one : open_) {
        const bool may_be = one.folders >= parts && one.folders - parts <= deepest_;  // there is no file deeper
        const std::string* const file = may_be ? image(end_of(one.path, parts)) : nullptr;
        if (file)
          found.files[one.at] = places_.root / *file;
        else
          missing.push_back(one.at);
      }
      if (missing.size() < fewest.size()) fewest = missing;
      if (!missing.empty()) continue;
      const std::size_t first = open_.front().at;
      found.notes.push_back("Images are looked for below the input by the paths of their addresses, without the first " +
                            std::to_string(parts) + " parts: " + addresses_[first] + " is " +
                            found.files[first].lexically_relative(places_.root).string());
      return {};
    }
    return fewest;
  }

 private:
  struct Open {
    std::size_t at;          ///< place of its address
    std::string path;        ///< in it; "" where it leads out of its folder
    std::ptrdiff_t folders;  ///< of the path
  };

  /// Whether an image has that in its name, \ and all.
  bool is_name(std::string_view text) const {
    return std::any_of(odd_.begin(), odd_.end(), [&](std::string_view odd) { return odd.ends_with(text) || text.ends_with(odd); });
  }

  const std::string* image(const fs::path& path) const {
    const std::string wanted = path.lexically_normal().string();
    const auto file = std::lower_bound(places_.images.begin(), places_.images.end(), wanted);
    return file != places_.images.end() && *file == wanted ? &*file : nullptr;
  }

  const std::vector<std::string>& addresses_;
  const ImagePlaces& places_;
  std::ptrdiff_t deepest_ = 0;
  std::vector<std::string_view> odd_;  ///< images with \ in their names
  std::vector<Open> open_;
};

}  // namespace

std::vector<MappedPrefix> read_path_map(std::string_view text) {
  std::vector<MappedPrefix> map;
  for (const std::string& line : runtime::split(text, '\n')) {
    const std::size_t equal = line.rfind('=');
    if (equal == line.npos || equal + 1 == line.size()) throw Error("ParameterParsing.path_map", {{"value", line}});
    map.push_back({line.substr(0, equal), line.substr(equal + 1)});
  }
  return map;
}

std::string path_in(std::string_view address) {
  std::string_view rest = without_query(address);
  const std::size_t scheme = rest.find(kScheme);
  if (scheme == rest.npos) return without_root(std::string(rest));
  rest.remove_prefix(scheme + kScheme.size());
  const std::size_t paths = address.starts_with("azureml") ? rest.find(kPaths) : rest.npos;
  return decoded(paths != rest.npos ? rest.substr(paths + kPaths.size()) : end_of(rest, address.starts_with("http") ? 2 : 1));
}

std::optional<fs::path> mapped(const std::vector<MappedPrefix>& map, std::string_view address, Links links) {
  const MappedPrefix* best = nullptr;
  for (const MappedPrefix& one : map)
    if (address.starts_with(one.prefix) && (!best || one.prefix.size() > best->prefix.size())) best = &one;
  if (!best) return std::nullopt;
  std::string rest(without_query(address));
  rest.erase(0, best->prefix.size());
  if (is_address(address)) rest = decoded(rest);
  rest = without_root(rest);
  if (has_backslash(rest) && !is_file(best->folder / rest)) rest = without_root(with_slashes(rest));
  const fs::path below = fs::path(rest).lexically_normal();
  const runtime::Fields fields = {{"address", std::string(address)}, {"folder", best->folder.string()}};
  if (!stays(rest)) throw Error("InvalidDataset.mapped_outside", fields);
  if (is_file(best->folder / below) && !allowed(best->folder, below, links)) throw Error("InvalidDataset.mapped_link", fields);
  return best->folder / below;
}

std::vector<std::string> unused_prefixes(const std::vector<MappedPrefix>& map, const std::vector<std::string>& addresses) {
  std::vector<std::string> unused;
  for (const MappedPrefix& one : map) {
    const auto fits = [&](const std::string& address) { return address.starts_with(one.prefix); };
    if (std::none_of(addresses.begin(), addresses.end(), fits)) unused.push_back(one.prefix);
  }
  return unused;
}

std::string read_as_slashes(const std::vector<std::string>& addresses, const std::vector<fs::path>& files) {
  std::size_t count = 0, first = 0;
  for (std::size_t i = addresses.size(); i-- > 0;) {
    if (!has_backslash(addresses[i]) || files[i].empty() || has_backslash(files[i].native())) continue;
    ++count;
    first = i;
  }
  if (count == 0) return "";
  return "In " + std::to_string(count) + " addresses \\ is read as /: " + addresses[first] + " is " + files[first].string();
}

std::string common_head(const std::vector<std::string_view>& addresses) {
  const std::string_view first = addresses.front();
  const std::size_t scheme = first.find(kScheme);
  const std::size_t least = scheme == first.npos ? 0 : std::min(first.find('/', scheme + kScheme.size()), first.size());
  std::string_view head = first.substr(0, first.find_last_of(kSeparators) + 1);
  for (const std::string_view other : addresses) {
    if (!other.starts_with(first.substr(0, least))) continue;  // of another store
    const auto same = std::mismatch(head.begin(), head.end(), other.begin(), other.end()).first - head.begin();
    head = head.substr(0, head.substr(0, static_cast<std::size_t>(same)).find_last_of(kSeparators) + 1);
  }
  return std::string(head);
}

FoundImages find_images(const std::vector<std::string>& addresses, const std::vector<MappedPrefix>& map, Links links,
                        const ImagePlaces& places) {
  FoundImages found;
  found.files.resize(addresses.size());
  Search search(addresses, places);
  std::vector<std::size_t> lost;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto file = mapped(map, addresses[i], links);
    if (!file)
      search.add(i, found);
    else if (!is_file(*file))
      lost.push_back(i);
    if (file) found.files[i] = *file;
  }
  runtime::Fields fields = {{"total", std::to_string(addresses.size())}, {"path", places.root.string()}};
  if (const std::vector<std::size_t> missing = search.run(found); !missing.empty()) {
    std::vector<std::string_view> heads;
    for (const std::size_t at : missing) heads.push_back(addresses[at]);
    fields.insert({{"count", std::to_string(missing.size())}, {"first", addresses[missing.front()]}, {"head", common_head(heads)}});
    throw Error("InvalidDataset.label_images", fields);
  }
  if (const std::string slashes = read_as_slashes(addresses, found.files); lost.empty() && !slashes.empty())
    found.notes.push_back(slashes);
  if (lost.empty()) return found;
  fields.insert(
      {{"count", std::to_string(lost.size())}, {"first", addresses[lost.front()]}, {"file", found.files[lost.front()].string()}});
  throw Error("InvalidDataset.mapped_images", fields);
}

}  // namespace torchport::datasets
