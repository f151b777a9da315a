#include "runtime/tracking/mlflow_settings.h"

#include <cstdlib>

#include "runtime/text/lower.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value ? value : "";
}

bool is_yes(const std::string& text) { return lower(text) == "true" || text == "1"; }

}  // namespace

std::string MlflowSettings::without_own_secrets(std::string text) const {
  text = without_secrets(text);
  for (const std::string& secret : {server.password, server.token}) {
    if (secret.empty()) continue;
    for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  }
  return text;
}

MlflowSettings mlflow_settings() {
  MlflowSettings settings;
  std::string uri = text_of("MLFLOW_TRACKING_URI");
  while (uri.ends_with('/')) uri.pop_back();
  if (uri.starts_with("http://") || uri.starts_with("https://")) {
    settings.server.url = uri;
  } else {
    settings.why_none = uri.empty() ? "MLFLOW_TRACKING_URI is not set"
                                    : "MLFLOW_TRACKING_URI is '" + visible(without_secrets(uri)) +
                                          "', which is not the address of a server: http:// or https://";
  }
  settings.server.user = text_of("MLFLOW_TRACKING_USERNAME");
  settings.server.password = text_of("MLFLOW_TRACKING_PASSWORD");
  settings.server.token = text_of("MLFLOW_TRACKING_TOKEN");
  if (settings.server.password.empty()) settings.server.user.clear();  // MLflow takes both or none
  settings.server.authorities = text_of("MLFLOW_TRACKING_SERVER_CERT_PATH");
  settings.server.certificate = text_of("MLFLOW_TRACKING_CLIENT_CERT_PATH");
  settings.server.verify = !is_yes(text_of("MLFLOW_TRACKING_INSECURE_TLS"));
  settings.experiment_name = text_of("MLFLOW_EXPERIMENT_NAME");
  settings.experiment_id = text_of("MLFLOW_EXPERIMENT_ID");
  settings.run_name = text_of("MLFLOW_RUN_NAME");
  settings.run_id = text_of("MLFLOW_RUN_ID");
  settings.user = text_of("LOGNAME").empty() ? text_of("USER") : text_of("LOGNAME");
  return settings;
}

}  // namespace torchport::runtime
