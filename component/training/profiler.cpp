#include "component/training/profiler.h"

#include <ATen/record_function.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "runtime/files/files.h"

namespace torchport::component {

namespace {

constexpr std::int64_t kWarmUpSteps = 3;     ///< left out where the epoch is long enough
constexpr std::size_t kMostSpans = 200'000;  ///< of the steps, and of the validation: some 30 MB of JSON

struct SpanRecord {
  std::string name;
  std::int64_t begin, end;  ///< nanoseconds of the steady clock, which all processes of a machine share
  pid_t thread;
  at::RecordScope scope;
  std::int64_t bytes;  ///< of a span of ours: -1 where it does not tell
  std::int64_t epoch, step;
};

struct Begin : at::ObserverContext {
  std::int64_t time;
};

std::int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

pid_t this_thread() {
  thread_local const pid_t id = gettid();
  return id;
}

const char* category(at::RecordScope scope) {
  if (scope == at::RecordScope::USER_SCOPE) return "torchport";
  return scope == at::RecordScope::BACKWARD_FUNCTION ? "backward" : "operator";
}

}  // namespace

struct Profiler::Recorder {
  std::mutex mutex;
  std::vector<SpanRecord> spans;
  std::map<pid_t, std::string> threads;  // by id
  std::size_t room = 0, left_out = 0;
  std::int64_t epoch = 0, step = 0;  // 0: of the validation
  pid_t trainer = 0;
  std::string trainer_name;  // of the system
  std::optional<at::CallbackHandle> handle;
  std::int64_t first_step = 0, last_step = 0;

  static std::atomic<Recorder*>& active() {
    static std::atomic<Recorder*> recorder{nullptr};
    return recorder;
  }

  static std::unique_ptr<at::ObserverContext> on_start(const at::RecordFunction&) {
    auto begin = std::make_unique<Begin>();
    begin->time = nanoseconds();
    return begin;
  }

  static void on_end(const at::RecordFunction& function, at::ObserverContext* context) {
    const std::int64_t end = nanoseconds();
    if (Recorder* const recorder = active()) recorder->add(function, static_cast<const Begin*>(context)->time, end);
  }

  void add(const at::RecordFunction& function, std::int64_t begin, std::int64_t end) {
    const pid_t thread = this_thread();
    const std::lock_guard lock(mutex);
    if (room == 0) {
      ++left_out;
      return;
    }
    --room;
    std::string& name = threads[thread];
    if (name.empty()) name = thread == trainer ? "trainer" : name_of_other();
    const bool ours = function.scope() == at::RecordScope::USER_SCOPE, in_step = ours && thread == trainer;
    spans.push_back({function.name(), begin, end, thread, function.scope(), ours ? function.seqNr() : -1, in_step ? epoch : 0,
                     in_step ? step : 0});
  }

  static std::string system_name() {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return name.data();
  }

  // LibTorch's own threads are called as the program is, like the trainer.
  std::string name_of_other() const { return system_name() == trainer_name ? "compute" : system_name(); }

  std::string json(int rank) const {
    using nlohmann::json;
    const pid_t process = getpid();
    const auto named = [&](const char* what, pid_t thread, const std::string& name) {
      return json{{"ph", "M"}, {"name", what}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}}.dump();
    };
    std::string text = R"({"displayTimeUnit": "ms", "traceEvents": [)"
                       "\n";
    text += named("process_name", process, "rank " + std::to_string(rank));
    for (const auto& [thread, name] : threads) text += ",\n" + named("thread_name", thread, name);
    for (const SpanRecord& span : spans) {
      json args = json::object();
      if (span.epoch > 0) args["epoch"] = span.epoch;
      if (span.step > 0) args["step"] = span.step;
      if (span.bytes >= 0) args["bytes"] = span.bytes;
      text += ",\n" + json{{"ph", "X"},
                           {"name", span.name},
                           {"cat", category(span.scope)},
                           {"pid", process},
                           {"tid", span.thread},
                           {"ts", static_cast<double>(span.begin) / 1e3},
                           {"dur", static_cast<double>(span.end - span.begin) / 1e3},
                           {"args", args}}
                          .dump();
    }
    return text + "\n]}\n";
  }
};

Profiler::Profiler(ProfilerOptions options, runtime::Log& log)
    : options_(std::move(options)),
      log_(log),
      recorder_(options_.steps > 0 ? std::make_unique<Recorder>() : nullptr),
      done_(!recorder_) {}

Profiler::~Profiler() { stop(); }

void Profiler::start() {
  recorder_->room = kMostSpans;
  if (Recorder::active().exchange(recorder_.get()) != nullptr) throw std::logic_error("Profiler: another one records");
  recorder_->handle = at::addGlobalCallback(at::RecordFunctionCallback(Recorder::on_start, Recorder::on_end));
}

void Profiler::stop() {
  if (!recorder_ || !recorder_->handle) return;
  at::removeCallback(*recorder_->handle);
  recorder_->handle.reset();
  Recorder::active() = nullptr;
}

void Profiler::before_step(std::int64_t epoch, std::int64_t step, std::int64_t steps_in_epoch) {
  if (done_) return;
  Recorder& r = *recorder_;
  if (r.trainer == 0) {
    r.trainer = this_thread();
    r.trainer_name = Recorder::system_name();
    r.first_step = std::clamp<std::int64_t>(steps_in_epoch + 1 - step - options_.steps, 0, kWarmUpSteps) + step;
    r.last_step = std::min(r.first_step + options_.steps - 1, steps_in_epoch);
  }
  if (step > r.last_step) stop();  // steps may come several at a time
  {
    const std::lock_guard lock(r.mutex);
    r.epoch = epoch;
    r.step = step;
  }
  if (step >= r.first_step && step <= r.last_step && !r.handle) start();
}

void Profiler::before_validation() {
  if (done_) return;
  stop();
  recorder_->step = 0;
  start();
}

void Profiler::after_validation() {
  if (done_) return;
  stop();
  done_ = true;
  const std::lock_guard lock(recorder_->mutex);  // a loader thread may be about to add its last span
  runtime::write_file_atomically(options_.file, recorder_->json(options_.rank));
  log_.info("Trace of the steps " + std::to_string(recorder_->first_step) + " to " + std::to_string(recorder_->last_step) +
            " and of the validation: " + options_.file.string() + ", " + std::to_string(recorder_->spans.size()) +
            " spans. ui.perfetto.dev shows it.");
  if (recorder_->left_out > 0) log_.warning("The trace is full: " + std::to_string(recorder_->left_out) + " spans were left out.");
}

}  // namespace torchport::component
