#include "datasets/sources/coco_places.h"

#include <algorithm>
#include <stdexcept>

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

bool less_by_base(std::string_view a, std::string_view b) { return base_name(a) < base_name(b); }

/// The name without what leads to another place: a drive, a root, and all up to the last "..".
std::string below(std::string name) {
  std::replace(name.begin(), name.end(), '\\', '/');
  std::string kept;
  for (const fs::path& part : fs::path(name)) {
    if (part == "..") kept.clear();
    if (part == ".." || part == "." || part == "/" || part.empty() || part.native().ends_with(':')) continue;
    kept += (kept.empty() ? "" : "/") + part.native();
  }
  return kept;
}

/// How many names two paths have in common, from their ends on.
std::size_t common_end(std::string_view a, std::string_view b) {
  std::size_t count = 0;
  while (!a.empty() && !b.empty() && base_name(a) == base_name(b)) {
    ++count;
    a.remove_suffix(std::min(a.size(), base_name(a).size() + 1));
    b.remove_suffix(std::min(b.size(), base_name(b).size() + 1));
  }
  return count;
}

}  // namespace

CocoPlaces::CocoPlaces(const fs::path& root, const fs::path& file, const std::vector<std::string>& images)
    : files_(images), by_base_(images.begin(), images.end()) {
  std::stable_sort(by_base_.begin(), by_base_.end(), less_by_base);
  const fs::path beside = file.parent_path().lexically_relative(root);
  const std::string stem = file.stem().string();
  const std::string part = stem.substr(stem.rfind('_') + 1);  // instances_train2017.json is of train2017/
  for (const fs::path& base : {beside, fs::path(), fs::path("images"), fs::path("data"), fs::path("images") / part, fs::path(part)})
    bases_.push_back(base.empty() || base == "." ? "" : base.string() + "/");
}

std::optional<CocoPlaces::Place> CocoPlaces::find(const std::string& name) const {
  if (name.find('\0') != name.npos) return std::nullopt;
  const std::string wanted = below(name);
  if (wanted.empty()) return std::nullopt;
  for (const std::string& base : bases_) {
    if (std::string place = base + wanted; std::binary_search(files_.begin(), files_.end(), place)) return Place{place};
  }
  const auto file = search(wanted);
  return file ? std::optional(Place{*file, true}) : std::nullopt;
}

std::optional<std::string> CocoPlaces::search(std::string_view name) const {
  const auto [first, last] = std::equal_range(by_base_.begin(), by_base_.end(), name, less_by_base);
  std::size_t most = 0;
  std::string_view best, rival;
  for (auto file = first; file != last; ++file) {
    const std::size_t common = common_end(*file, name);
    if (common == most) rival = *file;
    if (common <= most) continue;
    most = common;
    best = *file;
    rival = "";
  }
  if (best.empty()) return std::nullopt;
  if (!rival.empty()) throw std::runtime_error("could be '" + std::string(best) + "' or '" + std::string(rival) + "'");
  return std::string(best);
}

}  // namespace torchport::datasets
