// A tracking server of MLflow, over its REST interface (api/2.0/mlflow). Called by whoever sends a journal.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "runtime/tracking/mlflow_settings.h"

namespace torchport::runtime {

/// The server did not do what it was asked to. The text has no secret.
struct MlflowError : std::runtime_error {
  MlflowError(const std::string& reason, bool transient_) : std::runtime_error(reason), transient(transient_) {}
  bool transient;  ///< it may do so later
};

/// A run as the server has it.
struct MlflowRun {
  std::string id, experiment_id, name;
  std::string artifact_uri;
  std::vector<std::pair<std::string, std::string>> tags;
  /// The value of a tag, or "".
  std::string tag(std::string_view key) const;
};

class MlflowServer {
 public:
  /// The most that one log_batch() takes: of metrics, and of parameters and tags each.
  static constexpr std::size_t kMostMetrics = 900, kMostOthers = 90;

  MlflowServer(MlflowSettings settings, const std::atomic<bool>& cancelled)
      : settings_(std::move(settings)), cancelled_(cancelled) {}

  // Each of these \throws MlflowError, and Error where the module torchport-http cannot be loaded.

  /// The id of the experiment of that name, which is made where it is absent.
  std::string experiment(const std::string& name);
  /// The run of that experiment that has such a tag.
  std::optional<MlflowRun> find_run(const std::string& experiment_id, const std::string& tag, const std::string& value);
  MlflowRun get_run(const std::string& id);
  /// `about`: experiment_id, run_name, start_time, user_id, tags.
  MlflowRun create_run(const nlohmann::json& about);
  /// `what`: metrics, params, tags, as MLflow's log-batch has them. A metric that is there already is no second one.
  void log_batch(const MlflowRun& run, nlohmann::json what);
  void update_run(const MlflowRun& run, const nlohmann::json& what);
  /// Whether the server itself takes this run's artifacts.
  static bool takes_artifacts(const MlflowRun& run);
  void put_artifact(const MlflowRun& run, const std::string& name, const std::string& bytes);
  /// Where the run is, for people; without secrets.
  std::string place_of(const MlflowRun& run) const;

 private:
  nlohmann::json ask(const std::string& method, const std::string& path, const nlohmann::json& body);
  HttpAnswer send(const HttpRequest& request);
  MlflowSettings settings_;
  const std::atomic<bool>& cancelled_;
};

}  // namespace torchport::runtime
