// What a run tells while it goes on: metric rows, uploads, progress. Sinks (runtime/report/sinks/) turn events into files and
// views.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/report/log.h"
#include "runtime/spec/table.h"

namespace torchport::runtime {

/// One event. `kind` is "log_row" (a metric), "upload_folder", "upload_file" (as in the designer's stream) or "progress" (not
/// recorded).
struct Event {
  using Cell = std::variant<std::int64_t, double, std::string, std::vector<std::string>>;
  std::string kind;
  std::string name;
  std::vector<std::pair<std::string, Cell>> row;  ///< in the order of its columns
};

struct SinkOptions {
  std::filesystem::path run_dir;
  Log* log = nullptr;
};

/// A view of the events. It must not throw because of one that it does not know.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void on(const Event& event) = 0;
};

/// The generated table of runtime/report/sinks/.
const Table<std::unique_ptr<Sink>(const SinkOptions&)>& sinks();

/// Hands every event to every sink. Rank 0 has sinks, the other ranks none.
class Events {
 public:
  Events() = default;
  explicit Events(const SinkOptions& options);
  void send(const Event& event);
  /// Where the run stands, for the FATAL line should it fail: said on every rank before each step, both counted from 1.
  void at(std::int64_t epoch, std::int64_t step) {
    epoch_ = epoch;
    step_ = step;
  }
  /// "<epoch>.<step>", or "-" before the first.
  std::string position() const { return epoch_ == 0 ? "-" : std::to_string(epoch_) + "." + std::to_string(step_); }

 private:
  std::int64_t epoch_ = 0, step_ = 0;
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace torchport::runtime
