// TensorBoard: event files in the run folder's tb/. A training's curves are over its updates: a step stands where it began, an
// epoch where it ended. A training that goes on continues them in a file of its own.
#include <events.pb.h>

#include "runtime/error/error.h"
#include "runtime/report/figures.h"
#include "runtime/text/secrets.h"
#include "runtime/tracking/event_file.h"
#include "runtime/tracking/guarded_record.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr int kFloat = 1;  ///< DT_FLOAT

/// PNG: width and height are big-endian numbers behind the signature and the first chunk's head.
std::int32_t big_endian(std::string_view png, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) value = value << 8 | static_cast<unsigned char>(png.at(i));
  return static_cast<std::int32_t>(value);
}

class TensorBoard : public Sink {
 public:
  explicit TensorBoard(const SinkOptions& options) : folder_(options.run_dir / "tb"), log_(options.log) {}
  ~TensorBoard() override {
    guarded_([&] {
      if (file_) file_->close();
    });
  }

  void started(const RunStarted& event) override {
    begun_ = event.time;
    for (const auto& [name, given] : event.request.parameters) parameters_.emplace_back(name, given.value);
    parameters_.emplace_back("world_size", std::int64_t{event.world_size});
  }

  void step(const StepDone& event) override {
    guarded_([&] {
      const std::int64_t position = event.global_step() - 1;
      begin(position, event.steps);
      if (is_kept(event)) write(figures_of(event), position, event.time);
    });
  }

  void epoch(const EpochDone& event) override {
    if (event.time == Time{}) return earlier_.push_back(event);
    guarded_([&] {
      begin(event.steps, event.steps / std::max<std::int64_t>(1, event.epoch));
      for (const MetricRow& row : event.rows) write(figures_of(row), event.steps, event.time);
    });
  }

  void result(const ResultFound& event) override {
    guarded_([&] {
      begin(0, 0);
      write(figures_of(event.row), 0, event.time);
    });
  }

  void picture(const PictureMade& event) override {
    guarded_([&] {
      begin(0, 0);
      const std::string png = event.png();
      tfevents::Event message;
      tfevents::Summary::Value& value = added(message, event.name, 0, event.time);
      value.mutable_image()->set_width(big_endian(png, 16));
      value.mutable_image()->set_height(big_endian(png, 20));
      value.mutable_image()->set_colorspace(3);
      value.mutable_image()->set_encoded_image_string(png);
      file_->write(message);
    });
  }

  void ended(const RunEnded& event) override {
    if (!file_ || event.status() == "stopped") return;  // a run that can go on has not ended
    guarded_([&] {
      tfevents::Hparams data;
      data.mutable_session_end_info()->set_status(event.errors.empty() ? tfevents::Hparams::End::SUCCESS
                                                                       : tfevents::Hparams::End::FAILURE);
      data.mutable_session_end_info()->set_end_time_secs(seconds_of(event.time));
      write(data, "_hparams_/session_end_info", event.time);
    });
  }

 private:
  /// Begins the file with the first event, which says where the training stands. Older files are of a run that goes on here, or of
  /// one that is over: those move to tb.1, which readers show as a run of its own.
  void begin(std::int64_t position, std::int64_t steps_of_epoch) {
    if (file_) return;
    bool goes_on = !event_files(folder_).empty();
    if (goes_on && position == 0) {
      move_away();
      goes_on = false;
    }
    file_.emplace(folder_, begun_);
    tfevents::Event start;  // the first of a curve too: to TensorBoard only a second one is a restart
    start.set_wall_time(seconds_of(begun_));
    start.set_step(position);
    start.mutable_session_log()->set_status(tfevents::SessionLog::START);
    file_->write(start);
    write_parameters();
    for (const EpochDone& epoch : earlier_) {  // what older files have behind `position` was taken back
      const std::int64_t end = epoch.epoch * steps_of_epoch;
      if (goes_on && end < position) continue;
      for (const MetricRow& row : epoch.rows) write(figures_of(row), end, begun_);
    }
  }

  void move_away() const {
    std::error_code error;
    for (int number = 1;; ++number) {
      const fs::path away = folder_.string() + "." + std::to_string(number);
      if (fs::exists(fs::symlink_status(away, error))) continue;
      fs::rename(folder_, away, error);
      if (error) throw Error("FailedToWriteOutputs.file", {{"path", away.string()}, {"reason", error.message()}});
      return;
    }
  }

  void write_parameters() {
    tfevents::Hparams data;
    tfevents::Hparams::Start& start = *data.mutable_session_start_info();
    start.set_start_time_secs(seconds_of(begun_));
    for (const auto& [name, value] : parameters_) {
      auto& entry = *start.add_hparams();
      entry.set_key(name);
      tfevents::Hparams::Value& held = *entry.mutable_value();
      if (const auto* const yes = std::get_if<bool>(&value)) held.set_bool_value(*yes);
      if (const auto* const real = std::get_if<double>(&value)) held.set_number_value(*real);
      if (const auto* const whole = std::get_if<std::int64_t>(&value)) held.set_number_value(static_cast<double>(*whole));
      if (const auto* const text = std::get_if<std::string>(&value)) held.set_string_value(without_secrets(*text));
    }
    write(data, "_hparams_/session_start_info", begun_);
  }

  static tfevents::Summary::Value& added(tfevents::Event& message, const std::string& tag, std::int64_t step, Time time) {
    message.set_wall_time(seconds_of(time));
    message.set_step(step);
    tfevents::Summary::Value& value = *message.mutable_summary()->add_value();
    value.set_tag(tag);
    return value;
  }

  void write(const std::vector<Figure>& figures, std::int64_t step, Time time) {
    tfevents::Event message;
    for (const Figure& figure : figures) added(message, figure.name, step, time).set_simple_value(static_cast<float>(figure.value));
    file_->write(message);
  }

  /// What the plug-in for hyper-parameters reads is in the metadata of an empty tensor.
  void write(const tfevents::Hparams& data, const std::string& tag, Time time) {
    tfevents::Event message;
    tfevents::Summary::Value& value = added(message, tag, 0, time);
    value.mutable_tensor()->set_dtype(kFloat);
    value.mutable_tensor()->mutable_tensor_shape()->add_dim();
    value.mutable_metadata()->mutable_plugin_data()->set_plugin_name("hparams");
    value.mutable_metadata()->mutable_plugin_data()->set_content(data.SerializeAsString());
    file_->write(message);
  }

  fs::path folder_;
  Log* log_;
  Time begun_{};
  std::vector<std::pair<std::string, Value>> parameters_;
  std::vector<EpochDone> earlier_;  ///< those of the run before, in a training that goes on
  std::optional<EventFile> file_;
  GuardedRecord guarded_{"TensorBoard", log_};
};

}  // namespace

std::unique_ptr<Sink> tensorboard(const SinkOptions& options) { return std::make_unique<TensorBoard>(options); }

}  // namespace torchport::runtime
