// The progress bar: one line on a terminal, redrawn in place. Elsewhere the driver log's plain lines serve.
#include "runtime/report/events.h"
#include "runtime/report/progress_line.h"
#include "runtime/text/format.h"

namespace torchport::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBetweenDraws = std::chrono::milliseconds(100);

std::string draw(const StepDone& step) {
  const double share = static_cast<double>(step.step) / static_cast<double>(std::max<std::int64_t>(1, step.steps));
  return formatted("epoch %lld/%lld %s %lld/%lld  %.1f img/s  loss %.4f  lr %.3g  ETA %s", static_cast<long long>(step.epoch),
                   static_cast<long long>(step.epochs), progress_bar(share).c_str(), static_cast<long long>(step.step),
                   static_cast<long long>(step.steps), step.epoch_so_far.images_per_second, step.epoch_so_far.loss,
                   step.learning_rate, clock_text(step.eta_seconds).c_str());
}

class Console : public Sink {
 public:
  explicit Console(Log* log) : log_(log) {}

  void step(const StepDone& step) override {
    if (!log_ || !log_->has_progress()) return;
    const auto now = Clock::now();
    if (step.step != step.steps && now - drawn_ < kBetweenDraws) return;
    drawn_ = now;
    log_->progress(draw(step));
  }

  void output(const OutputWritten&) override { clear(); }
  void ended(const RunEnded&) override { clear(); }

 private:
  void clear() {
    if (log_) log_->progress("");
  }

  Log* log_;
  Clock::time_point drawn_{};
};

}  // namespace

std::unique_ptr<Sink> console(const SinkOptions& options) { return std::make_unique<Console>(options.log); }

}  // namespace torchport::runtime
