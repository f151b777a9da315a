#include "runtime/equal_ranks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "runtime/request/parse_value.h"
#include "runtime/text/json.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kMostErrors = 10;
constexpr const char* kAbsent = "absent";

std::string shown(const Value& value) {
  const std::string text = text_of_value(value);
  return std::holds_alternative<std::string>(value) ? "'" + text + "'" : text;
}

nlohmann::json pack(const std::vector<Fact>& facts) {
  nlohmann::json all = nlohmann::json::array();
  for (const Fact& fact : facts) all.push_back({fact.error, fact.what, fact.value});
  return all;
}

/// A rank's facts as it told them.
struct Told {
  std::string place;
  nlohmann::json facts;

  std::string value(const std::string& what) const {
    const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& fact) { return fact[1] == what; });
    return found == facts.end() ? kAbsent : (*found)[2].get<std::string>();
  }
};

Told tell(Control& control, const nlohmann::json& mine, int rank) {
  Told told;
  told.place = control.broadcast_text(place_of_rank(control), rank);
  told.facts = parse_json(control.broadcast_text(mine.dump(), rank));
  return told;
}

std::string difference(const std::string& what, const std::string& one, const std::string& at, const std::string& other,
                       const std::string& at_other) {
  return what + " is " + one + " on " + at + " and " + other + " on " + at_other;
}

}  // namespace

// Four sums side by side, each of words that are mixed in one after the other, as in XXH64: as fast as memory.
std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed) {
  constexpr std::uint64_t kPrime = 0x9e3779b185ebca87U, kOther = 0xc2b2ae3d27d4eb4fU;
  constexpr std::size_t kLanes = 4, kWord = sizeof(std::uint64_t);
  std::array<std::uint64_t, kLanes> lanes{seed, seed + 1, seed + 2, seed + 3};
  const auto mix = [](std::uint64_t& lane, std::uint64_t word) { lane = std::rotl(lane + word * kOther, 31) * kPrime; };
  std::size_t i = 0;
  for (; i + kLanes * kWord <= bytes.size(); i += kLanes * kWord) {
    std::array<std::uint64_t, kLanes> words;
    std::memcpy(words.data(), bytes.data() + i, sizeof words);
    for (std::size_t lane = 0; lane < kLanes; ++lane) mix(lanes[lane], words[lane]);
  }
  std::uint64_t hash = (bytes.size() + 1) * kPrime;
  for (; i < bytes.size(); ++i) mix(hash, static_cast<unsigned char>(bytes[i]));
  for (const std::uint64_t lane : lanes) mix(hash, lane);
  return hash ^ hash >> 32;
}

int first_unequal(Control& control, std::uint64_t value) {
  std::uint64_t first = value;
  control.broadcast(&first, sizeof first, 0);
  const std::int64_t rank = control.least(first == value ? control.size() : control.rank());
  return rank == control.size() ? -1 : static_cast<int>(rank);
}

std::vector<Fact> facts_of(const Request& request) {
  constexpr const char* kError = "FailedToCompleteOperation.unequal";
  const std::string commit = torchport::runtime::commit();
  std::vector<Fact> facts = {{kError, "the version of torchport", version() + (commit.empty() ? "" : " (commit " + commit + ")")},
                             {kError, "the component", request.component->name}};
  for (const ParameterSpec& parameter : request.component->parameters) {
    const auto given = request.parameters.find(parameter.name);
    if (given == request.parameters.end()) continue;
    facts.push_back({kError, "--" + parameter.flag, shown(given->second.value)});
  }
  for (const ParameterSpec& setting : Specs::get().run_settings()) {
    const auto given = request.run_settings.find(setting.name);
    if (!setting.changes_outputs || given == request.run_settings.end()) continue;
    facts.push_back({kError, "--" + setting.flag, shown(given->second.value)});
  }
  return facts;
}

void check_equal(Control& control, const std::vector<Fact>& facts) {
  if (control.size() == 1) return;
  const nlohmann::json mine = pack(facts);
  const int rank = first_unequal(control, hash_of(mine.dump()));
  if (rank < 0) return;
  const Told one = tell(control, mine, 0), other = tell(control, mine, rank);
  std::vector<Error> errors;
  const auto compare = [&](const nlohmann::json& fact) {
    const std::string what = fact[1], here = one.value(what), there = other.value(what);
    if (here == there || errors.size() == kMostErrors) return;
    const auto found = std::find_if(facts.begin(), facts.end(), [&](const Fact& own) { return own.what == what; });
    const std::string path = control.broadcast_text(found == facts.end() ? "" : found->path, 0);
    errors.emplace_back(fact[0].get<std::string>(),
                        Fields{{"difference", difference(what, here, one.place, there, other.place)}, {"path", path}});
  };
  for (const auto& fact : one.facts) compare(fact);
  for (const auto& fact : other.facts)
    if (one.value(fact[1]) == kAbsent) compare(fact);
  control.stop_all(errors, rank);
}

void check_equal(Control& control, const FactList& list) {
  if (control.size() == 1) return;
  std::vector<std::uint64_t> until(list.size + 1);  // of the entries before
  for (std::size_t i = 0; i < list.size; ++i) until[i + 1] = until[i] * 0x100000001b3U ^ list.hash(i);
  if (first_unequal(control, until[list.size]) < 0) return;
  std::size_t equal = 0, unequal = list.size;  // numbers of entries
  while (unequal - equal > 1) {
    const std::size_t middle = equal + (unequal - equal) / 2;
    (first_unequal(control, until[middle]) < 0 ? equal : unequal) = middle;
  }
  const int rank = first_unequal(control, until[unequal]);
  const std::string mine = list.description(equal), place = place_of_rank(control);
  const std::string here = control.broadcast_text(mine, 0), at = control.broadcast_text(place, 0);
  const std::string there = control.broadcast_text(mine, rank), at_other = control.broadcast_text(place, rank);
  const std::string path = control.broadcast_text(list.path, 0);
  control.stop_all({Error(list.error, {{"difference", difference(list.what, here, at, there, at_other)}, {"path", path}})}, rank);
}

}  // namespace torchport::runtime
