#include "component/check.h"

#include "models/directory/model_directory.h"
#include "runtime/request/check_ports.h"

namespace torchport::component {
namespace {

/// A port for trained models refuses untrained ones, whichever component has it.
void check_trained(runtime::Request& request, runtime::Problems& problems) {
  for (const runtime::PortSpec& port : request.component->inputs) {
    const auto given = request.inputs.find(port.name);
    if (given == request.inputs.end() || !runtime::Specs::get().type(port.type).trained_only) continue;
    const bool whole = problems.collect([&] {
      auto model = models::ModelDirectory::open(given->second, port.what());
      if (model.spec().labels.empty())
        throw runtime::Error("InvalidModelDirectory.not_trained", {{"what", port.what()}, {"path", given->second.string()}});
      request.keep(port.name, std::move(model));
    });
    if (!whole) request.inputs.erase(given);
  }
}

}  // namespace

void check_request(runtime::Request& request, runtime::Problems& problems) {
  runtime::check_ports(request, problems);
  check_trained(request, problems);
  const auto check = checks().find(request.component->function);
  if (check != checks().end()) check->second(request, problems);
}

runtime::Request checked_request(const runtime::ComponentSpec& component, const std::vector<std::string>& arguments,
                                 runtime::Problems& problems) {
  runtime::Request request = runtime::parse_request(component, arguments, problems);
  request.opened = std::make_shared<runtime::Opened>();
  check_request(request, problems);
  return request;
}

}  // namespace torchport::component
