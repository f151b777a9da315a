#include "datasets/sources/account.h"

#include <filesystem>

#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kNamed = 3;         ///< of each reason
constexpr std::size_t kKinds = 8;         ///< extensions that a line counts
constexpr std::size_t kCategories = 20;   ///< lost ones that a line names
constexpr std::size_t kMostKinds = 1000;  ///< extensions that are told apart at all
constexpr std::string_view kOtherType = "of another type", kTools = "of tools and systems";

/// "a, b and 7 more": the first `most` parts.
std::string some(std::vector<std::string> parts, std::size_t most, std::size_t all) {
  if (parts.size() > most) parts.resize(most);
  return runtime::join(parts, ", ") + (all > parts.size() ? " and " + std::to_string(all - parts.size()) + " more" : "");
}

std::string with_note(const std::string& name, const std::string& note) { return note.empty() ? name : name + " (" + note + ")"; }

std::string extension_of(const std::string& name) {
  const std::string extension = runtime::lower(std::filesystem::path(name).extension().string());
  return extension.empty() ? "no extension" : runtime::visible(extension);
}

}  // namespace

void Account::Group::add(const std::string& name, const std::string& note) {
  ++count;
  if (first.size() == kNamed && first.rbegin()->first < name) return;
  first.emplace(name, runtime::visible(note));
  if (first.size() > kNamed) first.erase(std::prev(first.end()));
}

std::string Account::Group::text() const {
  std::vector<std::string> names;
  for (const auto& [name, note] : first) names.push_back(with_note(runtime::visible(name), note));
  return some(std::move(names), kNamed, count);
}

nlohmann::json Account::Group::json() const {
  nlohmann::json names = nlohmann::json::array();
  for (const auto& [name, note] : first) names.push_back(with_note(runtime::visible(name), note));
  nlohmann::json out = {{"count", count}, {"first", names}};
  if (!kinds.empty()) out["extensions"] = kinds;
  return out;
}

void Account::leave_out(std::string_view reason, const std::string& name, const std::string& note) {
  left_out_[std::string(reason)].add(name, note);
}

void Account::leave_out_type(const std::string& name) {
  Group& group = left_out_[std::string(kOtherType)];
  group.add(name, "");
  const std::string kind = extension_of(name);
  ++group.kinds[group.kinds.size() < kMostKinds || group.kinds.contains(kind) ? kind : "others"];
}

void Account::leave_out_tool(const std::string& name) {
  Group& group = left_out_[std::string(kTools)];
  group.warning = false;
  group.add(name, "");
}

void Account::follow(const std::string& name, const std::string& outside) {
  (outside.empty() ? followed_ : outside_).add(name, outside.empty() ? "" : "to " + outside);
}

void Account::lose_category(const std::string& name, const std::string& why) { lost_.emplace(runtime::visible(name), why); }

void Account::remark(const std::string& text) { remarks_.push_back(runtime::visible(text)); }

void Account::add(const Account& other) {
  const auto merge = [](Group& to, const Group& from) {
    const std::size_t sum = to.count + from.count;
    for (const auto& [name, note] : from.first) to.add(name, note);
    for (const auto& [kind, count] : from.kinds) to.kinds[kind] += count;
    to.count = sum;
    to.warning = from.warning;
  };
  for (const auto& [reason, group] : other.left_out_) merge(left_out_[reason], group);
  merge(followed_, other.followed_);
  merge(outside_, other.outside_);
  lost_.insert(other.lost_.begin(), other.lost_.end());
  remarks_.insert(remarks_.end(), other.remarks_.begin(), other.remarks_.end());
}

std::vector<Account::Line> Account::lines() const {
  std::vector<Line> lines;
  for (const auto& [reason, group] : left_out_) {
    std::vector<std::pair<std::size_t, std::string>> kinds;
    for (const auto& [kind, count] : group.kinds) kinds.emplace_back(count, kind);
    std::stable_sort(kinds.begin(), kinds.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<std::string> counts;
    for (const auto& [count, kind] : kinds) counts.push_back(kind + " " + std::to_string(count));
    const std::string by_kind = counts.empty() ? "" : " (" + some(counts, kKinds, counts.size()) + ")";
    lines.push_back({group.warning, "Left out " + std::to_string(group.count) + ", " + reason + by_kind + ": " + group.text()});
  }
  const auto links = [](const Group& group) {
    return "Followed " + std::to_string(group.count) + (group.count == 1 ? " link" : " links");
  };
  if (followed_.count) lines.push_back({false, links(followed_) + ": " + followed_.text()});
  if (outside_.count) lines.push_back({true, links(outside_) + " out of the input: " + outside_.text()});
  if (!lost_.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, why] : lost_) names.push_back(with_note(name, why));
    lines.push_back({true, "Without an image, and so no categories: " + some(names, kCategories, names.size())});
  }
  for (const std::string& text : remarks_) lines.push_back({true, text});
  return lines;
}

nlohmann::json Account::json() const {
  nlohmann::json left_out = nlohmann::json::object();
  for (const auto& [reason, group] : left_out_) left_out[reason] = group.json();
  nlohmann::json out = {{"left_out", left_out}, {"lost_categories", lost_}};
  if (followed_.count) out["links"] = followed_.json();
  if (outside_.count) out["links_out_of_the_input"] = outside_.json();
  if (!remarks_.empty()) out["remarks"] = remarks_;
  return out;
}

}  // namespace torchport::datasets
