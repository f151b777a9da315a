// Everything that decides how a training goes on, as plain numbers and named tensors. The trainer gathers it from its parts and
// gives it back to them; a checkpoint need only write down what lies here.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace torchport::component {

/// Each part of a training has `write(TrainingState&) const`, which puts copies of its own in, and `read(const TrainingState&)`,
/// which goes on from them: as if it had seen all that the writer had seen. Names begin with the part's, as in
/// "optimizer.momentum.3". Between two updates of the weights this is all there is: order, draws and shares are functions of seed,
/// epoch and step. Rank 0's state serves every rank, since the batch norms' statistics of the others are replaced before anybody
/// looks at them. Names of numbers that begin with "clock." are of times, which nothing but the log depends on.
class TrainingState {
 public:
  using Number = std::variant<std::int64_t, double>;

  void set(const std::string& name, std::int64_t value) { numbers_[name] = value; }
  void set(const std::string& name, double value) { numbers_[name] = value; }
  /// \throws std::logic_error where the state has no such number of this type
  std::int64_t integer(const std::string& name) const;
  double real(const std::string& name) const;

  /// Copies the values to the host; each tensor is called `name`.<its place>.
  void set(const std::string& name, const std::vector<at::Tensor>& tensors);
  /// Copies values back into `tensors`, wherever these are. \throws std::logic_error where the state has others, or of other shapes
  void copy_to(const std::string& name, const std::vector<at::Tensor>& tensors) const;
  /// New tensors on the host, as many as there are of that name; none is no error.
  std::vector<at::Tensor> tensors(const std::string& name) const;

  const std::map<std::string, Number>& all_numbers() const { return numbers_; }
  const std::map<std::string, at::Tensor>& all_tensors() const { return tensors_; }
  std::map<std::string, Number>& all_numbers() { return numbers_; }
  std::map<std::string, at::Tensor>& all_tensors() { return tensors_; }

 private:
  std::map<std::string, Number> numbers_;
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace torchport::component
