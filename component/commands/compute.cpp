// torchport compute: what a computes file declares.
#include "runtime/launch/compute.h"

#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/help.h"
#include "runtime/cli/table_text.h"
#include "runtime/launch/engine.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/json_text.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"

namespace torchport::component {
using namespace runtime;
namespace {

using Words = std::vector<std::string>;

/// "2 nodes of 8", as far as its files tell.
std::string count(const std::function<std::int64_t()>& number) {
  try {
    return std::to_string(number());
  } catch (const Error&) {
    return "?";  // `show` says why
  }
}

/// The numbers and the device of a compute, as far as its files tell.
nlohmann::ordered_json json_of(const Compute& compute) {
  const auto engine = engines().at(compute.engine)(compute);
  const auto number = [](const std::function<std::int64_t()>& ask) {
    const std::string text = count(ask);
    return text == "?" ? nlohmann::ordered_json() : nlohmann::ordered_json(ask());
  };
  const std::string device = compute.text("device");
  return {{"name", compute.name},
          {"engine", compute.engine},
          {"max_nodes", number([&] { return engine->max_nodes(); })},
          {"processing_units", number([&] { return engine->processing_units(); })},
          {"device", device.empty() ? "cpu" : device}};
}

int list_computes(const Host& host, const std::string& given, bool json) {
  const auto file = computes_file(given);
  if (!file) {
    host.out << (json ? "[]\n" : "there is no computes file: components run here\n");
    return 0;
  }
  Problems problems;
  const std::vector<Compute> computes = read_computes(*file, problems);
  problems.throw_if_any();
  if (json) {
    nlohmann::ordered_json document = nlohmann::ordered_json::array();
    for (const Compute& compute : computes) document.push_back(json_of(compute));
    host.out << json_text(document);
    return 0;
  }
  std::vector<Words> rows = {{"COMPUTE", "ENGINE", "MAX NODES", "PROCESSING UNITS", "DEVICE"}};
  for (const Compute& compute : computes) {
    const auto engine = engines().at(compute.engine)(compute);
    const std::string device = compute.text("device");
    rows.push_back({compute.name, compute.engine, count([&] { return engine->max_nodes(); }),
                    count([&] { return engine->processing_units(); }), device.empty() ? "cpu" : device});
  }
  host.out << table_text(rows);
  return 0;
}

int show_compute(const Host& host, const std::string& given, const std::string& name, bool json) {
  const Compute compute = find_compute(name, given);
  if (json) {
    nlohmann::ordered_json document = json_of(compute);
    for (const auto& [setting, value] : compute.values)
      if (!document.contains(setting)) document[setting] = without_secrets(text_of_value(value));
    for (const auto& [setting, list] : compute.lists) document[setting] = list;
    host.out << json_text(document);
    return 0;
  }
  const auto engine = engines().at(compute.engine)(compute);
  std::vector<Words> rows = {{"engine", compute.engine},
                             {"max nodes", std::to_string(engine->max_nodes())},
                             {"processing units", std::to_string(engine->processing_units())}};
  for (const auto& [setting, value] : compute.values)
    if (setting != "max_nodes" && setting != "processing_units") rows.push_back({setting, visible(text_of_value(value))});
  for (const auto& [setting, list] : compute.lists) rows.push_back({setting, visible(join(list, " "))});
  host.out << table_text(rows);
  return 0;
}

}  // namespace

int compute(Call& call) {
  const Arguments given = call.arguments();
  const std::string file = given.has("computes") ? given.get<std::string>("computes") : "";
  const bool json = given.get<bool>("json");
  const Words& operands = given.operands;
  if (operands.size() == 1 && operands[0] == "list") return list_computes(call.host, file, json);
  if (operands.size() == 2 && operands[0] == "show") return show_compute(call.host, file, operands[1], json);
  throw Error("ParameterParsing.no_operand", {{"command", call.spec.name}, {"operand", operands_text(call.spec)}});
}

}  // namespace torchport::component
