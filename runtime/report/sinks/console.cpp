// The progress bar: one line on a terminal, redrawn in place. Elsewhere the driver log's plain lines serve.
#include <cmath>
#include <cstdio>

#include "runtime/report/events.h"

namespace torchport::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBetweenDraws = std::chrono::milliseconds(100);
constexpr int kBarWidth = 20;

/// The number in a column, or NaN where the event lacks it.
double number(const Event& event, std::string_view column) {
  for (const auto& [name, cell] : event.row) {
    if (name != column) continue;
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&cell)) return *real;
  }
  return std::nan("");
}

std::string clock_time(double seconds) {
  const auto whole = static_cast<long>(std::isfinite(seconds) ? std::clamp(seconds, 0.0, 3.6e8) : 0.0);
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  return text.data();
}

std::string draw(const Event& event) {
  const double iteration = number(event, "iteration"), iterations = number(event, "iterations");
  const double share = iterations > 0 ? std::clamp(iteration / iterations, 0.0, 1.0) : 0.0;
  const auto filled = static_cast<std::size_t>(share * kBarWidth);
  const std::string bar = std::string(filled, '#') + std::string(kBarWidth - filled, '.');
  std::array<char, 200> text{};
  std::snprintf(text.data(), text.size(), "epoch %.0f/%.0f [%s] %.0f/%.0f  %.1f img/s  loss %.4f  lr %.3g  ETA %s",
                number(event, "epoch"), number(event, "epochs"), bar.c_str(), iteration, iterations,
                number(event, "images_per_second"), number(event, "loss"), number(event, "learning_rate"),
                clock_time(number(event, "eta_seconds")).c_str());
  return text.data();
}

class Console : public Sink {
 public:
  explicit Console(Log* log) : log_(log) {}

  void on(const Event& event) override {
    if (!log_ || !log_->has_progress()) return;
    if (event.kind != "progress") {
      if (event.kind != "log_row") log_->progress("");  // an upload: the training is over
      return;
    }
    const auto now = Clock::now();
    const bool last = number(event, "iteration") == number(event, "iterations");
    if (!last && now - drawn_ < kBetweenDraws) return;
    drawn_ = now;
    log_->progress(draw(event));
  }

 private:
  Log* log_;
  Clock::time_point drawn_{};
};

}  // namespace

std::unique_ptr<Sink> console(const SinkOptions& options) { return std::make_unique<Console>(options.log); }

}  // namespace torchport::runtime
