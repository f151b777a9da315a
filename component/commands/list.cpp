// torchport list
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/help.h"
#include "runtime/cli/help_language.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
namespace {

/// What a program needs to choose one; torchport reference writes all that is declared.
std::string list_json(const runtime::Specs& specs) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  const auto ports = [](const std::vector<runtime::PortSpec>& rows) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const runtime::PortSpec& port : rows)
      list.push_back({{"name", port.name}, {"type", port.type}, {"flag", port.flag}, {"optional", port.optional}});
    return list;
  };
  for (const runtime::ComponentSpec& component : specs.components())
    all.push_back({{"name", component.name},
                   {"title", component.title},
                   {"category", component.category},
                   {"summary", component.summary},
                   {"inputs", ports(component.inputs)},
                   {"outputs", ports(component.outputs)}});
  return runtime::json_text(all);
}

}  // namespace

int list(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const runtime::Specs& specs = runtime::Specs::get();
  call.host.out << (given.get<bool>("json") ? list_json(specs)
                                            : list_text(specs, runtime::help_language(given.get<std::string>("lang"))));
  return 0;
}

}  // namespace torchport::component
