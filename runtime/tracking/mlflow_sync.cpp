#include "runtime/tracking/mlflow_sync.h"

#include <charconv>

#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostArtifact = std::size_t{64} << 20;

std::string text_of(const nlohmann::json& record, const char* key) {
  const auto found = record.find(key);
  return found == record.end() || !found->is_string() ? "" : found->get<std::string>();
}

nlohmann::json pair(const std::string& key, const nlohmann::json& value) { return {{"key", key}, {"value", value}}; }

/// In parts that a request may have.
std::vector<nlohmann::json> in_parts(const nlohmann::json& list, std::size_t most) {
  std::vector<nlohmann::json> parts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i % most == 0) parts.push_back(nlohmann::json::array());
    parts.back().push_back(list[i]);
  }
  return parts;
}

}  // namespace

MlflowSync::MlflowSync(fs::path folder, const MlflowSettings& settings, const std::atomic<bool>& cancelled,
                       std::function<void(const std::string&)> note)
    : folder_(std::move(folder)), settings_(settings), server_(settings, cancelled), note_(std::move(note)) {}

/// The tag that says how many records the server has.
nlohmann::json MlflowSync::standing(std::size_t records) const {
  return pair("torchport.records." + uid_, std::to_string(records));
}

/// Finds the run, or makes it, and goes to the first record that the server does not have. Returns how many it has.
std::size_t MlflowSync::open() {
  MlflowReader reader(folder_);
  const auto start = reader.next();
  if (!start || start->at("kind") != "start") throw std::runtime_error("the journal does not begin with a run");
  uid_ = text_of(*start, "run");
  ended_ = false;
  metrics_ = nlohmann::json::array();
  std::string id = text_of(*start, "run_id");
  attached_ = !id.empty();
  std::optional<MlflowRun> run;
  if (attached_) {
    run = server_.get_run(id);
  } else {
    const std::string name = text_of(*start, "experiment_name"), given = text_of(*start, "experiment_id");
    const std::string experiment = !name.empty() ? server_.experiment(name) : !given.empty() ? given : "0";  // MLflow's "Default"
    run = server_.find_run(experiment, kMlflowRunTag, uid_);
    if (!run) {
      run = server_.create_run({{"experiment_id", experiment},
                                {"run_name", text_of(*start, "name")},
                                {"user_id", text_of(*start, "user")},
                                {"start_time", start->at("time")},
                                {"tags", {pair(kMlflowRunTag, uid_), pair("mlflow.user", text_of(*start, "user"))}}});
    }
  }
  run_ = std::move(run);
  std::size_t there = 0;
  const std::string told = run_->tag(standing(0).at("key").get<std::string>());
  std::from_chars(told.data(), told.data() + told.size(), there);
  reader_ = std::move(reader);
  if (there == 0) begin(*start);
  while (reader_->count() < there) {
    const auto record = reader_->next();
    if (!record) throw std::runtime_error("the server has more of this run than its journal");
    ended_ = record->at("kind") == "end";
  }
  return there;
}

/// What is known at the beginning: parameters and tags. In a run of somebody else, which has others, parameters name the component,
/// and tags are left alone.
void MlflowSync::begin(const nlohmann::json& start) {
  const std::string component = attached_ ? text_of(start.at("tags"), "torchport.component") + "." : "";
  nlohmann::json parameters = nlohmann::json::array(), tags = nlohmann::json::array();
  for (const auto& [name, value] : start.at("parameters").items()) parameters.push_back(pair(component + name, value));
  if (!attached_)
    for (const auto& [name, value] : start.at("tags").items()) tags.push_back(pair(name, value));
  tags.push_back(standing(1));
  for (const nlohmann::json& part : in_parts(parameters, MlflowServer::kMostOthers)) {
    try {
      server_.log_batch(*run_, {{"params", part}});
    } catch (const MlflowError& fault) {  // they may be there with other values, which MLflow never changes
      if (fault.transient || !attached_) throw;
      note_(std::string("MLflow did not take the parameters of this run: ") + fault.what());
    }
  }
  for (const nlohmann::json& part : in_parts(tags, MlflowServer::kMostOthers)) server_.log_batch(*run_, {{"tags", part}});
}

std::size_t MlflowSync::advance() {
  try {
    const std::size_t before = run_ ? reader_->count() : open();
    while (const auto record = reader_->next()) take(*record);
    flush();
    return reader_->count() - before;
  } catch (const nlohmann::json::exception&) {
    run_.reset();
    throw std::runtime_error("the journal has a record that is not one of torchport's");
  } catch (...) {
    run_.reset();
    throw;
  }
}

void MlflowSync::take(const nlohmann::json& record) {
  const std::string kind = record.at("kind");
  if (kind == "step" || kind == "epoch" || kind == "result") return add_values(record);
  ended_ = kind == "end";
  if (kind == "artifact") send_artifact(record.at("file"));
  if (kind == "go_on" && !attached_) server_.update_run(*run_, {{"status", "RUNNING"}});
  if (kind == "end" && !attached_) server_.update_run(*run_, {{"status", record.at("status")}, {"end_time", record.at("time")}});
  flush();
}

void MlflowSync::add_values(const nlohmann::json& record) {
  const nlohmann::json& values = record.at("values");
  if (metrics_.size() + values.size() > MlflowServer::kMostMetrics) {
    server_.log_batch(*run_, {{"metrics", metrics_}, {"tags", {standing(reader_->count() - 1)}}});
    metrics_ = nlohmann::json::array();
  }
  for (const auto& [name, value] : values.items())
    metrics_.push_back({{"key", name}, {"value", value}, {"timestamp", record.at("time")}, {"step", record.at("step")}});
}

/// All that was read is at the server then.
void MlflowSync::flush() {
  const std::string there = std::to_string(reader_->count());
  if (metrics_.empty() && run_->tag(standing(0).at("key").get<std::string>()) == there) return;
  server_.log_batch(*run_, {{"metrics", metrics_}, {"tags", {standing(reader_->count())}}});
  metrics_ = nlohmann::json::array();
  std::erase_if(run_->tags, [&](const auto& tag) { return tag.first == standing(0).at("key"); });
  run_->tags.emplace_back(standing(0).at("key"), there);
}

void MlflowSync::send_artifact(const std::string& file) {
  if (!MlflowServer::takes_artifacts(*run_))
    return note_("MLflow keeps artifacts elsewhere ('" + visible(run_->artifact_uri) + "'): '" + file + "' stays in " +
                 folder_.string());
  try {
    server_.put_artifact(*run_, file, read_file(resolve_inside(folder_, file), kMostArtifact));
  } catch (const MlflowError& fault) {
    if (fault.transient) throw;
    note_("MLflow did not take the artifact '" + file + "': " + fault.what());
  }
}

void MlflowSync::end(const std::string& status) {
  if (!attached_) server_.update_run(*run_, {{"status", status}});
}

}  // namespace torchport::runtime
