#include "component/checkpoint/checkpoints.h"

#include "component/checkpoint/resume.h"
#include "runtime/report/checkpoints.h"

namespace torchport::component {
namespace fs = std::filesystem;
using runtime::Error;

Checkpoints::Checkpoints(const runtime::Context& ctx, CheckpointOptions options) : ctx_(ctx), options_(std::move(options)) {
  check_stop();
  if (options_.on) request_.emplace([this](int signal) { told(signal); });
}

void Checkpoints::check_stop() const {
  if (options_.stop_at.empty()) return;
  const auto place = runtime::checkpoint_place(options_.stop_at);
  const bool is_place =
      place && place->first > 0 && std::to_string(place->first) + "." + std::to_string(place->second) == options_.stop_at;
  if (!is_place) throw Error("ParameterParsing.not_a_place", {{"value", options_.stop_at}});
  if (!options_.on) throw Error("ParameterParsing.stop_without_checkpoints", {{"value", options_.stop_at}});
}

void Checkpoints::told(int signal) {
  ctx_.log.warning(
      "Signal " + std::to_string(signal) +
      ": the training will stop after the step that is under way, with a checkpoint. A second signal ends it at once.");
}

void Checkpoints::begin(Trainer& trainer, std::function<Conditions(const std::atomic<bool>&)> conditions) {
  const std::atomic<bool> wanted = false;
  auto resumed = component::resumed(ctx_, options_, [&] { return conditions(wanted); });
  if (resumed) {
    ctx_.control.agree_on([&] {
      try {
        trainer.read(resumed->state);
      } catch (const std::logic_error& fault) {  // a checkpoint of another network, taken all the same
        throw Error("FailedToCompleteOperation.other_state", {{"path", resumed->from}, {"reason", fault.what()}});
      }
    });
    const auto [epoch, step] = *runtime::checkpoint_place(resumed->from);
    ctx_.log.info("Going on from the checkpoint '" + resumed->from + "': epoch " + std::to_string(epoch) + ", " +
                  std::to_string(step) + " of its steps are done.");
    ctx_.record.set("resumed_from", resumed->from);
    for (const EpochMetrics& epoch_before : read_epochs(resumed->state)) {
      runtime::EpochDone event = epoch_event(epoch_before);
      event.time = {};  // not now
      ctx_.events.epoch(event);
    }
  }
  if (options_.on && ctx_.control.rank() == 0) saver_ = std::make_unique<Saver>(ctx_.run_dir, std::move(conditions), ctx_.log);
  saved_ = Clock::now();
}

Wishes Checkpoints::wishes() {
  const std::chrono::duration<double> since = Clock::now() - saved_;
  return {.stop = request_ && request_->signal() != 0,
          .save = saver_ && options_.minutes > 0 && since.count() >= options_.minutes * 60};
}

bool Checkpoints::reached(const Trainer& trainer, Place place, const Wishes& all) {
  there_ = waits_for(trainer.place());
  if (all.stop || there_) {
    ctx_.log.info("Stopping: all processes have come to " + trainer.place() + ".");
    if (saver_) {
      saver_->wait();
      save(trainer);
    }
    return false;
  }
  if (saver_ && (all.save || place == Place::validation)) {
    if (saver_->busy()) {
      ctx_.log.info("No checkpoint is written at " + trainer.place() + ": the one before is still on its way to the disk.");
      saved_ = Clock::now();
    } else {
      save(trainer);
    }
  }
  return true;
}

void Checkpoints::save(const Trainer& trainer) {
  TrainingState state;
  trainer.write(state);
  saver_->save(std::move(state), trainer.place());
  saved_ = Clock::now();
}

void Checkpoints::stopped() {
  std::optional<Error> fault = saver_ ? saver_->wait() : std::nullopt;
  const fs::path last = saver_ ? runtime::last_checkpoint(ctx_.run_dir) : fs::path();
  if (!last.empty()) fault.reset();  // an earlier one is there to go on from
  ctx_.control.agree(fault);
  const int signal = request_ ? request_->signal() : 0;
  if (request_) request_->too_late();  // srun sends SIGTERM to all ranks as soon as one has left
  const std::string path = ctx_.control.broadcast_text(last.string(), 0);
  const std::string name = fs::path(path).filename().string(), as_of = name == options_.stop_at ? "" : " as of " + name;
  if (there_) throw Error("FailedToCompleteOperation.reached", {{"place", options_.stop_at}, {"path", path}, {"as_of", as_of}});
  ctx_.control.agree_on([&] {
    if (signal != 0) throw Error("FailedToCompleteOperation.saved", {{"signal", std::to_string(signal)}, {"path", path}});
  });
  throw std::logic_error("Checkpoints: a training stopped that nobody asked to");
}

void Checkpoints::trained() {
  if (!options_.stop_at.empty())
    ctx_.log.warning("The training has ended and did not stop at " + options_.stop_at + " (--stop-at): it did not come by there.");
  if (request_) request_->too_late();
}

void Checkpoints::finished() {
  if (saver_) saver_->end();
  if (ctx_.control.rank() != 0) return;
  discard(ctx_.run_dir / runtime::kCheckpoints);  // a finished run is finished with or without them
}

}  // namespace torchport::component
