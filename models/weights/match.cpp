#include "models/weights/match.h"

#include <unordered_map>

#include "models/weights/average_name.h"
#include "models/weights/mismatches.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

// What is put around a single module, and so comes inside of a key.
constexpr std::array<std::string_view, 4> kWrappers = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"};
constexpr std::size_t kMaxWords = 16;  ///< of a network's key: 6, and wrappers

bool is_wrapper(std::string_view word) { return std::find(kWrappers.begin(), kWrappers.end(), word) != kWrappers.end(); }

bool is_of_head(std::string_view key, std::string_view head) {
  return key.starts_with(head) && key.substr(head.size()).starts_with('.');
}

/// Older files of torchvision spell a module such as "norm1" as "norm.1".
std::string old_spelling(std::string key) {
  const auto parameter = key.rfind('.');
  auto digits = parameter;
  while (digits != std::string::npos && digits > 0 && std::isdigit(static_cast<unsigned char>(key[digits - 1]))) --digits;
  return digits == parameter ? key : key.insert(digits, ".");
}

/// The network's entries by name.
class Names {
 public:
  explicit Names(const std::vector<TensorEntry>& network) {
    for (std::size_t i = 0; i < network.size(); ++i) names_.emplace(network[i].key, i);
    for (std::size_t i = 0; i < network.size(); ++i) names_.emplace(old_spelling(network[i].key), i);
  }
  std::optional<std::size_t> find(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::unordered_map<std::string, std::size_t> names_;
};

/// One part under one prefix.
struct Candidate {
  std::size_t part, order;
  std::string prefix;
  std::map<std::size_t, std::size_t>
      found;  ///< by the network's entry; small where little is found, so that many prefixes cost little
  std::size_t fits = 0;
};

class Matcher {
 public:
  Matcher(const StateDictFile& file, const std::vector<TensorEntry>& network, std::string_view head)
      : file_(file), network_(network), head_(head), names_(network) {
    for (std::size_t part = 0; part < file.parts().size(); ++part) {
      const StateDictPart& dict = file.parts()[part];
      for (std::size_t i = dict.first; i < dict.first + dict.count; ++i) add(part, i);
    }
  }

  Match best() const {
    const Candidate* best = nullptr;
    for (const auto& [where, one] : candidates_) {
      if (!best || rank(one) < rank(*best)) best = &one;
    }
    Match match;
    match.found.resize(network_.size());
    if (best && best->fits > 0) {
      match.part = best->part;
      match.prefix = best->prefix;
      for (const auto& [own, entry] : best->found) match.found[own] = entry;
      match.fits = best->fits;
      for (const auto& [where, one] : candidates_) {
        if (&one != best && one.fits == best->fits) match.rivals.push_back(place(one));
      }
    }
    add_extra(match);
    return match;
  }

 private:
  std::string place(const Candidate& one) const {
    const std::string& part = file_.parts()[one.part].name;
    if (one.prefix.empty()) return part;
    return (part.empty() ? "" : part + "/") + one.prefix;
  }

  std::tuple<std::size_t, bool, std::size_t, std::size_t> rank(const Candidate& one) const {
    return {~one.fits, names_average(place(one)), one.part, one.order};
  }

  /// Votes for every prefix under which the entry is one of the network's.
  void add(std::size_t part, std::size_t entry) {
    const std::string& key = file_.entries()[entry].key;
    std::string name;  // the end of the key, without wrappers
    std::size_t end = key.size();
    for (std::size_t words = 0; words < kMaxWords; ++words) {
      const auto dot = end == 0 ? std::string::npos : key.rfind('.', end - 1);
      const std::size_t begin = dot == std::string::npos ? 0 : dot + 1;
      const auto word = std::string_view(key).substr(begin, end - begin);
      if (!is_wrapper(word)) {
        name = name.empty() ? std::string(word) : std::string(word) + "." + name;
        if (const auto found = names_.find(name)) vote({part, key.substr(0, begin)}, *found, entry);
      }
      if (begin == 0) return;
      end = begin - 1;
    }
  }

  void vote(const std::pair<std::size_t, std::string>& where, std::size_t own, std::size_t entry) {
    const auto place = candidates_.try_emplace(where, Candidate{where.first, candidates_.size(), where.second, {}}).first;
    Candidate& one = place->second;
    if (!one.found.emplace(own, entry).second) return;
    const TensorEntry& wanted = network_[own];
    const TensorEntry& given = file_.entries()[entry];
    const bool counts = !is_counter(wanted.key) && !is_of_head(wanted.key, head_);
    if (counts && given.shape == wanted.shape && is_floating(given.dtype)) ++one.fits;
  }

  void add_extra(Match& match) const {
    const StateDictPart& dict = file_.parts()[match.part];
    std::set<std::size_t> used;
    for (const auto& entry : match.found) {
      if (entry) used.insert(*entry);
    }
    for (std::size_t i = dict.first; i < dict.first + dict.count; ++i) {
      if (!used.contains(i)) match.extra.push_back(i);
    }
  }

  const StateDictFile& file_;
  const std::vector<TensorEntry>& network_;
  std::string_view head_;
  Names names_;
  std::map<std::pair<std::size_t, std::string>, Candidate> candidates_;
};

}  // namespace

Match match_weights(const StateDictFile& file, const std::vector<TensorEntry>& network, std::string_view head) {
  return Matcher(file, network, head).best();
}

bool belongs_to_larger_network(const TensorEntry& extra, const Match& match, const std::vector<TensorEntry>& network,
                               std::string_view head) {
  if (!extra.key.starts_with(match.prefix)) return false;
  const std::string_view key = std::string_view(extra.key).substr(match.prefix.size());
  const auto first_word = [](std::string_view name) { return name.substr(0, name.find('.')); };
  if (first_word(key) == first_word(head)) return false;
  const auto below = [&](std::string_view module) {
    return std::any_of(network.begin(), network.end(), [&](const TensorEntry& own) {
      return own.key.size() > module.size() && own.key.starts_with(module) && own.key[module.size()] == '.';
    });
  };
  if (!below(first_word(key))) return false;
  const auto dot = key.rfind('.');
  return extra.elements() > 1 || dot == std::string_view::npos || !below(key.substr(0, dot));
}

}  // namespace torchport::models
