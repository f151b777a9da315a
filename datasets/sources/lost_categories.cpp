#include "datasets/sources/lost_categories.h"

#include <algorithm>
#include <set>

namespace torchport::datasets {
namespace {

/// How many of the sorted `files` lie below a folder.
std::ptrdiff_t count_in(const std::vector<std::string>& files, const std::string& folder) {
  const char after_slash = '/' + 1;
  return std::lower_bound(files.begin(), files.end(), folder + after_slash) -
         std::lower_bound(files.begin(), files.end(), folder + '/');
}

std::string why_lost(const std::string& folder, std::size_t entries, const ClassFolders& named) {
  const auto unreadable = count_in(named.files, folder);
  if (unreadable == 1) return "its one image is unreadable";
  if (unreadable) return "its " + std::to_string(unreadable) + " images are unreadable";
  if (count_in(named.ignored, folder)) return "its images lie deeper";
  return entries == 0 ? "an empty folder" : "no image among what it holds";
}

}  // namespace

void account_for_lost(const std::map<std::string, std::size_t>& folders, const std::string& top, const ClassFolders& named,
                      const std::vector<std::string>& categories, Account& account) {
  const std::set<std::string> found(categories.begin(), categories.end());
  for (const auto& [folder, entries] : folders) {
    const std::string parent = folder.substr(0, folder.rfind('/') + 1), name = folder.substr(parent.size());
    if (!top.starts_with(parent) || top.starts_with(folder + "/")) continue;
    if (parent == top && found.contains(name)) continue;
    account.lose_category(folder, why_lost(parent == top ? name : folder, entries, named));
  }
}

}  // namespace torchport::datasets
