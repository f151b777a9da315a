#include "runtime/cli/call.h"

#include "runtime/text/text.h"

namespace torchport::runtime {

Arguments Call::arguments() const {
  Problems problems;
  Arguments read = parse_arguments(spec, words, problems);
  problems.throw_if_any();
  return read;
}

std::vector<std::string> Call::command_line() const {
  std::vector<std::string> all{"torchport", spec.name};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

bool Call::names_pipeline() {
  if (words.empty() || words.front().starts_with("-") || words.front().find_first_of("./") == std::string::npos) return false;
  subject = visible(words.front());
  return true;
}

const ComponentSpec& Call::component() const {
  if (words.empty()) throw Error("ParameterParsing.no_operand", {{"command", spec.name}, {"operand", "COMPONENT"}});
  return Specs::get().component(words.front());
}

bool Call::wants_help() const { return std::find(words.begin(), words.end(), "--help") != words.end(); }

}  // namespace torchport::runtime
