// What MLflow's users say in the environment: the server, who they are, the experiment and the run. Read by the sink mlflow and by
// `torchport sync mlflow`.
#pragma once
#include <string>

#include "runtime/tracking/http.h"

namespace torchport::runtime {

/// By MLflow's own variables, as its clients take them; a text is "" where the variable is not set.
struct MlflowSettings {
  HttpServer server;     ///< `url` is "" where there is none that can be used
  std::string why_none;  ///< then: "MLFLOW_TRACKING_URI is not set"
  std::string experiment_name, experiment_id, run_name, run_id;
  std::string user;  ///< who runs this: the login's name

  /// A text of the server's, or of libcurl's, without the secrets above.
  std::string without_own_secrets(std::string text) const;
};

MlflowSettings mlflow_settings();

}  // namespace torchport::runtime
