// torchport describe
#include <nlohmann/json.hpp>
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/help.h"
#include "runtime/cli/help_language.h"
#include "runtime/cli/parameter_words.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
namespace {

using Json = nlohmann::ordered_json;

Json ports_json(const std::vector<runtime::PortSpec>& rows) {
  Json list = Json::array();
  for (const runtime::PortSpec& port : rows)
    list.push_back({{"name", port.name},
                    {"flag", port.flag},
                    {"title", port.title},
                    {"type", port.type},
                    {"optional", port.optional},
                    {"help", port.help}});
  return list;
}

/// `default` is a text as on a command line, or null.
Json parameter_json(const runtime::ParameterSpec& parameter) {
  return {{"name", parameter.name},
          {"flag", parameter.flag},
          {"title", parameter.title},
          {"type", runtime::type_word(parameter)},
          {"allowed", parameter.allowed()},
          {"choices", parameter.choices},
          {"default", parameter.default_text ? Json(*parameter.default_text) : Json()},
          {"optional", parameter.optional},
          {"unit", parameter.unit},
          {"own", parameter.option},
          {"help", parameter.help}};
}

std::string description_json(const runtime::ComponentSpec& component, const runtime::Specs& specs) {
  Json parameters = Json::array(), settings = Json::array();
  for (const runtime::ParameterSpec& parameter : component.parameters) parameters.push_back(parameter_json(parameter));
  for (const runtime::ParameterSpec* setting : specs.run_settings_of(component)) settings.push_back(parameter_json(*setting));
  return runtime::json_text(Json{{"name", component.name},
                                 {"title", component.title},
                                 {"category", component.category},
                                 {"summary", component.summary},
                                 {"description", component.description},
                                 {"distributed", component.distributed},
                                 {"inputs", ports_json(component.inputs)},
                                 {"outputs", ports_json(component.outputs)},
                                 {"parameters", parameters},
                                 {"run_settings", settings},
                                 {"example", component.example}});
}

}  // namespace

int describe(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  if (given.operands.empty()) call.component();  // says what is missing
  const runtime::Specs& specs = runtime::Specs::get();
  const runtime::ComponentSpec& component = specs.component(given.operands.front());
  const std::string language = given.get<std::string>("lang");
  call.host.out << (given.get<bool>("json") ? description_json(component, specs)
                                            : help_text(component, specs, runtime::help_language(language)));
  return 0;
}

}  // namespace torchport::component
