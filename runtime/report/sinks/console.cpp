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
  // What people look for comes first, as a narrow terminal shows no more.
  return formatted("epoch %lld/%lld %s %lld/%lld  ETA %s  loss %.4f  %.1f img/s  lr %.3g", static_cast<long long>(step.epoch),
                   static_cast<long long>(step.epochs), progress_bar(share).c_str(), static_cast<long long>(step.step),
                   static_cast<long long>(step.steps), clock_text(step.eta_seconds).c_str(), step.epoch_so_far.loss,
                   step.epoch_so_far.images_per_second, step.learning_rate);
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
