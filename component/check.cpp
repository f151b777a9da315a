#include "component/check.h"

namespace torchport::component {

runtime::Request checked_request(const runtime::ComponentSpec& component, const std::vector<std::string>& arguments,
                                 runtime::Problems& problems) {
  runtime::Request request = runtime::parse_request(component, arguments, problems);
  runtime::check_ports(request, problems);
  const auto check = checks().find(component.function);
  if (check != checks().end()) check->second(request, problems);
  return request;
}

}  // namespace torchport::component
