#include "runtime/files/reservation.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "runtime/error/error.h"
#include "runtime/files/lock_file.h"
#include "runtime/files/refused_file.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = ".torchport-", kInside = ".torchport-lock";

fs::path whole_path(fs::path path) {
  path = fs::absolute(path);
  while ((path.filename().empty() || path.filename() == ".") && path.has_parent_path() && path.has_relative_path())
    path = path.parent_path();
  return fs::absolute(path);
}

/// The output without links and "..", as far as it is there: one place has one name, whatever way leads to it.
fs::path real_place(const fs::path& target) {
  std::error_code error;
  const fs::path path = whole_path(target);
  const fs::path whole = fs::canonical(path, error);
  if (!error) return whole;
  const fs::path folder = fs::canonical(path.parent_path(), error);
  return error ? path : folder / path.filename();
}

fs::path lock_path(const fs::path& place) {
  const fs::path folder = place.parent_path();
  std::error_code error;
  const bool beside = place.has_filename() && access(folder.c_str(), W_OK | X_OK) == 0;
  if (!beside && fs::is_directory(place, error)) return place / kInside;
  return folder / (std::string(kPrefix) + place.filename().string() + ".lock");
}

/// Only what OutputDirectory can have put there: the output, what is directly in it, and a folder beside or in it with our name.
bool may_clear(const fs::path& noted, const fs::path& place) {
  const bool staging = noted.filename().string().starts_with(kPrefix) && noted.parent_path() == place.parent_path();
  return noted == place || noted.parent_path() == place || staging;
}

std::vector<fs::path> void_places(const std::vector<Placed>& left, const fs::path& place) {
  std::vector<fs::path> places;
  for (const Placed& one : left) {
    if (may_clear(one.place, place) && one.is_void()) places.push_back(one.place);
  }
  return places;
}

/// The missing folders above an output, made; those that are empty at the end go again.
class MadeFolders {
 public:
  explicit MadeFolders(const fs::path& target) {
    std::vector<fs::path> missing;
    std::error_code error;
    for (fs::path at = whole_path(target).parent_path(); !fs::exists(at, error) && at.has_relative_path(); at = at.parent_path())
      missing.push_back(at);
    for (std::size_t i = missing.size(); i-- > 0;) {
      if (mkdir(missing[i].c_str(), 0777) == 0) {
        made_.push_back(missing[i]);
      } else if (errno != EEXIST) {
        const int reason = errno;
        remove();
        refuse_output(target, reason);
      }
    }
  }
  ~MadeFolders() { remove(); }
  MadeFolders(const MadeFolders&) = delete;
  MadeFolders& operator=(const MadeFolders&) = delete;

 private:
  void remove() {
    for (std::size_t i = made_.size(); i-- > 0;) rmdir(made_[i].c_str());
  }
  std::vector<fs::path> made_;  ///< the outermost first
};

/// A place that this process has reserved.
struct State {
  explicit State(const fs::path& target) : made(target), place(real_place(target)), lock(lock_path(place), target) {
    std::error_code ignored;
    for (const fs::path& left : void_places(lock.left(), place)) fs::remove_all(left, ignored);
  }
  ~State() {
    std::error_code ignored;
    for (const fs::path& left : void_places(placed, place)) fs::remove_all(left, ignored);
  }
  MadeFolders made;  ///< its end comes last
  fs::path place;
  LockFile lock;
  std::vector<Placed> placed;
  fs::path counts_with;
  std::size_t holders = 0;
};

/// The places of this process. What a component makes is asked for by its path, in places that know nothing of one another.
struct Places {
  std::mutex mutex;
  std::map<fs::path, State> states;
  static Places& all() {
    static Places* const places = new Places;  // never destroyed: a killed process does not, either
    return *places;
  }
};

template <class Action>
auto with_state(const fs::path& target, Action&& action) {
  Places& places = Places::all();
  const std::lock_guard lock(places.mutex);
  const auto state = places.states.find(whole_path(target));
  if (state == places.states.end()) throw std::logic_error("not reserved: " + target.string());
  return action(state->second);
}

}  // namespace

void reserve(const fs::path& target) {
  Places& places = Places::all();
  const std::lock_guard lock(places.mutex);
  ++places.states.try_emplace(whole_path(target), target).first->second.holders;
}

void give_back(const fs::path& target) {
  Places& places = Places::all();
  const std::lock_guard lock(places.mutex);
  const auto state = places.states.find(whole_path(target));
  if (state == places.states.end() || --state->second.holders > 0) return;
  places.states.erase(state);
}

void note_placing(const fs::path& target, const std::vector<Placing>& placings) {
  with_state(target, [&](State& state) {
    for (const Placing& one : placings)
      state.placed.push_back(Placed::of(one.file, real_place(one.place), one.unless.empty() ? fs::path() : real_place(one.unless)));
    state.lock.write(state.placed);
  });
}

bool is_noted(const fs::path& target, const fs::path& place) {
  return with_state(target, [&](const State& state) {
    const auto here = [&](const Placed& one) { return one.place == real_place(place); };
    return std::any_of(state.placed.begin(), state.placed.end(), here);
  });
}

void counts_with(const fs::path& target, const fs::path& other) {
  with_state(target, [&](State& state) { state.counts_with = whole_path(other) / "_meta.yaml"; });
}

fs::path what_counts(const fs::path& target) {
  return with_state(target, [](const State& state) { return state.counts_with; });
}

std::vector<fs::path> unfinished_at(const fs::path& target) {
  const fs::path place = real_place(target);
  const auto look = look_at_lock(lock_path(place));
  if (!look) return {};
  if (look->held) throw Error("AlreadyExists.reserved", {{"path", target.string()}, {"owner", look->text.owner.text()}});
  return void_places(look->text.placed, place);
}

}  // namespace torchport::runtime
