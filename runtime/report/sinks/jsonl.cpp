// The record of a run: metrics.jsonl, one event a line as the original's stream has them. Every other view can be made from it.
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "runtime/text/python_json.h"

namespace torchport::runtime {
namespace {

std::string json(const Event::Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return python_float(*real);
  if (const auto* text = std::get_if<std::string>(&cell)) return python_string(*text);
  std::string list;
  for (const std::string& item : std::get<std::vector<std::string>>(cell)) list += (list.empty() ? "" : ", ") + python_string(item);
  return "[" + list + "]";
}

/// A metric has its columns in "row"; other kinds have theirs beside the name.
std::string json(const Event& event) {
  const bool nested = event.kind == "log_row";
  std::string line = "{\"kind\": " + python_string(event.kind) + ", \"name\": " + python_string(event.name);
  if (nested) line += ", \"row\": {";
  for (std::size_t i = 0; i < event.row.size(); ++i)
    line += (nested && i == 0 ? "" : ", ") + python_string(event.row[i].first) + ": " + json(event.row[i].second);
  return line + (nested ? "}}" : "}");
}

class JsonLines : public Sink {
 public:
  explicit JsonLines(const SinkOptions& options) : file_(options.run_dir / "metrics.jsonl"), log_(options.log) {}
  ~JsonLines() override {
    try {
      file_.close();
    } catch (const Error&) {  // the run is over; what could be kept is kept
    }
  }

  void on(const Event& event) override {
    if (event.kind == "progress" || broken_) return;
    try {
      file_.write(json(event) + "\n");
    } catch (const Error& error) {  // a training of hours is worth more than its record
      broken_ = true;
      if (log_) log_->warning(std::string("The record of metrics ends here: ") + error.what());
    }
  }

 private:
  FileWriter file_;
  Log* log_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Sink> jsonl(const SinkOptions& options) { return std::make_unique<JsonLines>(options); }

}  // namespace torchport::runtime
