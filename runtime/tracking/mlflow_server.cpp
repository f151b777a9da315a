#include "runtime/tracking/mlflow_server.h"

#include <cctype>

#include "runtime/text/format.h"
#include "runtime/text/json.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

const std::string kApi = "/api/2.0/mlflow/";
constexpr std::string_view kOwnArtifacts = "mlflow-artifacts:";
constexpr std::size_t kMostShown = 300;  ///< bytes of a server's message

/// As a part of an address: all but letters, digits and a few signs as %XX.
std::string in_address(std::string_view text, std::string_view kept = "") {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) || std::string_view("-_.~").find(c) != std::string_view::npos;
    out += plain || kept.find(c) != kept.npos ? std::string(1, c) : formatted("%%%02X", byte);
  }
  return out;
}

bool is_transient(long status) { return status >= 500 || status == 429 || status == 408; }

/// Why it refuses: its own words, where it has some.
std::string reason_of(const HttpAnswer& answer) {
  std::string reason = "it answers " + std::to_string(answer.status);
  try {
    const nlohmann::json told = parse_json(answer.body);
    reason += " " + told.at("error_code").get<std::string>() + ": " + told.at("message").get<std::string>();
  } catch (const std::exception&) {  // a page for people
  }
  return visible(reason);
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_string() ? "" : found->get<std::string>();
}

MlflowRun run_of(const nlohmann::json& told) {
  const nlohmann::json& info = told.at("info");
  MlflowRun run{
      text_of(info, "run_id"), text_of(info, "experiment_id"), text_of(info, "run_name"), text_of(info, "artifact_uri"), {}};
  if (run.id.empty()) throw MlflowError("its answer has a run without an id", false);
  const auto data = told.find("data");
  if (data != told.end() && data->contains("tags"))
    for (const auto& tag : data->at("tags")) run.tags.emplace_back(text_of(tag, "key"), text_of(tag, "value"));
  return run;
}

/// What an answer has to have. \throws MlflowError
template <class Read>
auto read_from(Read&& read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& fault) {
    throw MlflowError("its answer is not one of MLflow's", false);
  }
}

}  // namespace

std::string MlflowRun::tag(std::string_view key) const {
  const auto found = std::find_if(tags.begin(), tags.end(), [&](const auto& one) { return one.first == key; });
  return found == tags.end() ? "" : found->second;
}

HttpAnswer MlflowServer::send(const HttpRequest& request) {
  try {
    return http_send(settings_.server, request, cancelled_);
  } catch (const HttpError& fault) {
    throw MlflowError(settings_.without_own_secrets(visible(fault.what())), true);
  }
}

nlohmann::json MlflowServer::ask(const std::string& method, const std::string& path, const nlohmann::json& body) {
  const std::string text = body.is_null() ? "" : body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const HttpAnswer answer = send({method, kApi + path, "application/json", text});
  if (answer.status / 100 != 2)
    throw MlflowError(settings_.without_own_secrets(reason_of(answer)).substr(0, kMostShown), is_transient(answer.status));
  try {
    return parse_json(answer.body);
  } catch (const JsonError& fault) {  // one that was cut short, or another server's
    throw MlflowError("its answer " + fault.reason, true);
  }
}

std::string MlflowServer::experiment(const std::string& name) {
  const auto there = [&] { return ask("GET", "experiments/get-by-name?experiment_name=" + in_address(name), nullptr); };
  const auto id = [](const nlohmann::json& told) { return told.at("experiment").at("experiment_id").get<std::string>(); };
  try {
    return read_from([&] { return id(there()); });
  } catch (const MlflowError& fault) {
    if (std::string_view(fault.what()).find("RESOURCE_DOES_NOT_EXIST") == std::string_view::npos) throw;
  }
  try {
    return read_from([&] { return ask("POST", "experiments/create", {{"name", name}}).at("experiment_id").get<std::string>(); });
  } catch (const MlflowError& fault) {  // another run was first
    if (std::string_view(fault.what()).find("RESOURCE_ALREADY_EXISTS") == std::string_view::npos) throw;
  }
  return read_from([&] { return id(there()); });
}

std::optional<MlflowRun> MlflowServer::find_run(const std::string& experiment_id, const std::string& tag,
                                                const std::string& value) {
  const nlohmann::json found =
      ask("POST", "runs/search",
          {{"experiment_ids", {experiment_id}}, {"filter", "tags.`" + tag + "` = '" + value + "'"}, {"max_results", 1}});
  return read_from([&]() -> std::optional<MlflowRun> {
    if (!found.contains("runs") || found.at("runs").empty()) return std::nullopt;
    return run_of(found.at("runs").at(0));
  });
}

MlflowRun MlflowServer::get_run(const std::string& id) {
  const nlohmann::json told = ask("GET", "runs/get?run_id=" + in_address(id), nullptr);
  return read_from([&] { return run_of(told.at("run")); });
}

MlflowRun MlflowServer::create_run(const nlohmann::json& about) {
  const nlohmann::json told = ask("POST", "runs/create", about);
  return read_from([&] { return run_of(told.at("run")); });
}

void MlflowServer::log_batch(const MlflowRun& run, nlohmann::json what) {
  what["run_id"] = run.id;
  ask("POST", "runs/log-batch", what);
}

void MlflowServer::update_run(const MlflowRun& run, const nlohmann::json& what) {
  nlohmann::json body = what;
  body["run_id"] = run.id;
  ask("POST", "runs/update", body);
}

bool MlflowServer::takes_artifacts(const MlflowRun& run) { return run.artifact_uri.starts_with(kOwnArtifacts); }

void MlflowServer::put_artifact(const MlflowRun& run, const std::string& name, const std::string& bytes) {
  std::string place = run.artifact_uri.substr(kOwnArtifacts.size());  // "/EXPERIMENT/RUN/artifacts", or behind //HOST:PORT
  if (place.starts_with("//")) place = place.substr(std::min(place.find('/', 2), place.size()));
  const std::string path = "/api/2.0/mlflow-artifacts/artifacts" + in_address(place + "/" + name, "/");
  const HttpAnswer answer = send({"PUT", path, "application/octet-stream", bytes});
  if (answer.status / 100 != 2)
    throw MlflowError(settings_.without_own_secrets(reason_of(answer)).substr(0, kMostShown), is_transient(answer.status));
}

std::string MlflowServer::place_of(const MlflowRun& run) const {
  return without_secrets(settings_.server.url) + " (experiment " + run.experiment_id + ", run " + run.id + ")";
}

}  // namespace torchport::runtime
