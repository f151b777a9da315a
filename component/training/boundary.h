// Between two updates of the weights: what ranks wish for there, and who is asked and told. Called by the trainer, which agrees on
// the wishes of all ranks; overridden where trainings are stopped and saved (component/checkpoint/).
#pragma once
#include <string>

namespace torchport::component {

class Trainer;

/// What a rank wishes for the next place between two updates. The wishes of all ranks add up as one number, exactly for as many as
/// kMostRanks, and ride with what is summed anyway.
struct Wishes {
  static constexpr float kMostRanks = 4095;
  bool stop = false;
  bool save = false;
  float number() const { return (stop ? kMostRanks + 1 : 0) + (save ? 1 : 0); }
  Wishes and_also(const Wishes& others) const { return {stop || others.stop, save || others.save}; }
  static Wishes of(double sum) {
    const bool stop = sum > kMostRanks;
    return {stop, stop ? sum > kMostRanks + 1 : sum > 0};
  }
};

/// Where a training stands when it is asked whether to go on.
enum class Place { begin, update, validation };

/// By itself it wishes for nothing, and training goes on.
class Boundary {
 public:
  Boundary() = default;
  virtual ~Boundary() = default;
  Boundary(const Boundary&) = delete;
  Boundary& operator=(const Boundary&) = delete;
  /// Of this rank: asked before the first update and each one after it, and again and again while it validates. A wish to stop ends
  /// a validation, whose figures then do not count.
  virtual Wishes wishes() { return {}; }
  /// Whether reached() has something to do at `place` (Trainer::place()) of an epoch even where nobody wishes for anything; alike
  /// on all ranks.
  virtual bool waits_for(const std::string& /*place*/) const { return false; }
  /// What any rank wished for: told after each update and each validation but the last, at the beginning where somebody wishes to
  /// stop. A device is given an update before the wishes that came with the one before are known: there it is told after updates
  /// that were wished for or waits_for(), and perhaps one update late. Trainer::write() has the state. Returns whether to go on,
  /// alike on all ranks.
  virtual bool reached(const Trainer&, Place, const Wishes&) { return true; }
};

}  // namespace torchport::component
