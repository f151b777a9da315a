// Brings a run's journal to MLflow's server, from wherever that stands: each request says how many records the server has then, in
// a tag of the run there. So it may be stopped anywhere, and what is sent twice counts once. Called by the sink's thread and by
// `torchport sync mlflow`.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "runtime/tracking/mlflow_journal.h"
#include "runtime/tracking/mlflow_server.h"

namespace torchport::runtime {

/// The tag by which a run of ours is found again; its value is the journal's `run`.
inline constexpr const char* kMlflowRunTag = "torchport.run";

class MlflowSync {
 public:
  /// `folder`: of the journal. `note` gets what the server would not take, in a sentence. `cancelled` ends a request under way.
  MlflowSync(std::filesystem::path folder, const MlflowSettings& settings, const std::atomic<bool>& cancelled,
             std::function<void(const std::string&)> note);

  /// Sends what has been written and not sent. Returns how many records. After an error it begins anew with what the server has.
  /// \throws MlflowError, std::runtime_error where the journal cannot be read, and Error as http_send
  std::size_t advance();
  /// Gives the run an end that its journal lacks, after advance(): status FINISHED, FAILED or KILLED.
  void end(const std::string& status);
  /// Whether the journal told how the run ended, as far as it was read.
  bool ended() const { return ended_; }
  /// Where the run is, for people; "" before the first advance().
  std::string place() const { return run_ ? server_.place_of(*run_) : ""; }

 private:
  std::size_t open();
  void begin(const nlohmann::json& start);
  void take(const nlohmann::json& record);
  void add_values(const nlohmann::json& record);
  void flush();
  void send_artifact(const std::string& file);
  nlohmann::json standing(std::size_t records) const;

  std::filesystem::path folder_;
  MlflowSettings settings_;
  MlflowServer server_;
  std::function<void(const std::string&)> note_;
  std::optional<MlflowReader> reader_;
  std::optional<MlflowRun> run_;
  std::string uid_;
  bool attached_ = false;  ///< to a run that somebody else made, and ends
  bool ended_ = false;
  nlohmann::json metrics_ = nlohmann::json::array();  ///< read and not sent
};

}  // namespace torchport::runtime
