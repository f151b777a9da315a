// The report of a run as a page of this machine, which loads itself again whenever the run has gone on. Called by `torchport view`.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

namespace torchport::component {

struct ViewOptions {
  int port = 0;  ///< of 127.0.0.1; 0: any that is free
  std::string language = "en";
};

/// Serves the run's folder until the process ends; `ready` is called with the port when a browser can come. Only this machine is
/// answered, and only requests that name it so: a page from elsewhere cannot read along. \throws Error
/// FailedToCompleteOperation.port
void serve_run(const std::filesystem::path& folder, const ViewOptions& options, const std::function<void(int port)>& ready);

}  // namespace torchport::component
