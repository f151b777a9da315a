// The place of an output, taken by one run before it works and given back at its end, so that a second run to the same place is
// refused in its first second. Used by OutputDirectory, and by the worker for all outputs of a component at its start.
#pragma once
#include <filesystem>
#include <vector>

namespace torchport::runtime {

/// Reserves the place of the output `target`, as often as is asked for in this process, until it is given back as often. Missing
/// parent folders are made; they go again if they are empty at the end.
///
/// A file `.torchport-NAME.lock` beside the output (inside of it where that folder cannot be written to) says whose it is. It is
/// locked with flock where the file system can. A run that was killed leaves the file, and whoever comes next takes it over: it is
/// told by the lock that is not held, else by the process of that number and start on this machine. The file also lists what the
/// run has put in place that means nothing without the run's end: that is cleared away then, and nothing else ever is.
/// \throws Error AlreadyExists.reserved, InvalidPathForDirectoryCreation.output, InvalidPathForDirectoryCreation.same,
/// FailedToWriteOutputs.file
void reserve(const std::filesystem::path& target);
void give_back(const std::filesystem::path& target);

/// Something that a run puts in place: until `unless` is there, it is the next run's to remove.
struct Placing {
  std::filesystem::path file;  ///< where it is now
  std::filesystem::path place;
  std::filesystem::path unless;  ///< empty: it counts for nothing in any case
};
/// Notes that down in the reservation of `target`, before it is done.
void note_placing(const std::filesystem::path& target, const std::vector<Placing>& placings);
/// Whether `place` was noted in this process.
bool is_noted(const std::filesystem::path& target, const std::filesystem::path& place);

/// What is published at `target` counts only once `other` is published as well: until then the next run may remove it, and so does
/// giving the place back.
void counts_with(const std::filesystem::path& target, const std::filesystem::path& other);
/// The file that must be there for what is published at `target` to count, or "".
std::filesystem::path what_counts(const std::filesystem::path& target);

/// What a killed run put at or directly below `target` and that counts for nothing.
/// \throws Error AlreadyExists.reserved where another run, which lives, has reserved the place
std::vector<std::filesystem::path> unfinished_at(const std::filesystem::path& target);

/// Holds places for as long as it lives. Several, as a component may have several outputs.
class Reservations {
 public:
  Reservations() = default;
  ~Reservations() {
    for (const auto& target : targets_) give_back(target);
  }
  Reservations(const Reservations&) = delete;
  Reservations& operator=(const Reservations&) = delete;
  /// \throws Error as reserve
  void add(const std::filesystem::path& target) {
    reserve(target);
    targets_.push_back(target);
  }

 private:
  std::vector<std::filesystem::path> targets_;
};

}  // namespace torchport::runtime
