// The learning-rate range test (Smith, arXiv 1506.01186): a rate that rises with each update, and the loss at each. Made by
// Trainer; what it says is written down by Train PyTorch Model.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace torchport::component {

class RateFinder {
 public:
  /// Rates from 1e-7 to 10, the same factor apart.
  explicit RateFinder(std::int64_t updates) : updates_(updates) {}
  /// The rate of the next update.
  double next() const;
  /// Takes the training loss of that update, a mean over its images. Returns whether there are more: not after the last rate, and
  /// not once the smoothed loss is 4 times its least, or not finite.
  bool add(double loss);

  struct Curve {
    std::vector<double> rates, losses,
        smoothed;  ///< smoothed as fastai does: an average that keeps 98 %, without its beginning's bias
    /// Where the smoothed loss falls fastest by the logarithm of the rate, by central differences (numpy.gradient); the first 10
    /// and the last 5 updates don't count, as with fastai. Nothing where it falls nowhere or there are too few.
    std::optional<double> steepest;
  };
  Curve curve() const;

 private:
  double rate(std::int64_t update) const;
  const std::int64_t updates_;
  double average_ = 0, least_ = 0;
  std::vector<double> losses_, smoothed_;
};

}  // namespace torchport::component
