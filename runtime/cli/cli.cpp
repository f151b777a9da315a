#include "runtime/cli/cli.h"

#include <ostream>

#include "runtime/cli/help.h"
#include "runtime/cli/help_language.h"
#include "runtime/cli/worker_command.h"
#include "runtime/error/current_errors.h"
#include "runtime/files/standard_streams.h"
#include "runtime/launch/process.h"
#include "runtime/text/text.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace {

using Words = std::vector<std::string>;

/// Takes `--spec-dir DIR` and `--spec-dir=DIR` from the front.
void take_spec_dir(Host& host, Words& words) {
  while (!words.empty() && (words.front() == "--spec-dir" || words.front().starts_with("--spec-dir="))) {
    const bool adjacent = words.front().starts_with("--spec-dir=");
    if (!adjacent && words.size() < 2) throw Error("ParameterParsing.no_value", {{"flag", "spec-dir"}});
    const std::string folder = adjacent ? words.front().substr(11) : words[1];
    words.erase(words.begin(), words.begin() + (adjacent ? 1 : 2));
    host.program_arguments = {"--spec-dir", folder};
    Specs::set_overlay(folder);
  }
}

[[noreturn]] void show_version(const Host& host) {
  const std::string from = commit();
  host.out << "torchport " << version() << (from.empty() ? "" : " (commit " + from + ")") << "\n" << std::flush;
  // LibTorch's and MPI's are the worker's to tell, because only it links them.
  become_worker(host, {"--version"});
}

[[noreturn]] void refuse_command(const std::string& command, const Commands& commands) {
  Words known;
  for (const auto& [stem, function] : commands) known.push_back(command_spec(std::string(stem)).name);
  for (const ComponentSpec& component : Specs::get().components()) known.push_back("run " + component.name);
  const bool is_component = std::find(known.begin(), known.end(), "run " + command) != known.end();
  const std::string near = is_component ? "run " + command : nearest(command, known);
  throw Error("ParameterParsing.unknown_command",
              {{"command", command}, {"nearest", near.empty() ? "" : "Did you mean torchport " + near + "? "}});
}

/// Whether --help asks for the command's own help, and not for that of a component that it names.
bool shows_help(Call& call) {
  const auto& usages = call.spec.usages;
  const bool of_component =
      std::any_of(usages.begin(), usages.end(), [](const CommandUsage& usage) { return usage.takes_component_flags(); }) &&
      !call.words.empty() && !call.words.front().starts_with("-") && !call.names_pipeline();
  return call.wants_help() && !of_component;
}

int dispatch(Host& host, const Commands& commands, Words words, std::string& subject) {
  take_spec_dir(host, words);
  if (words.empty()) {
    host.err << overview(command_specs(), {});
    return 2;
  }
  const std::string command = words.front();
  words.erase(words.begin());
  int status = 0;
  if (command == "--version") show_version(host);
  if (command == "--help" || command == "-h") {
    host.out << overview(command_specs(), help_language(words));
  } else {
    std::string stem = command;
    std::replace(stem.begin(), stem.end(), '-', '_');
    const auto function = commands.find(stem);
    if (function == commands.end()) refuse_command(command, commands);
    Call call{host, command_spec(stem), words, subject};
    if (shows_help(call)) {
      host.out << help_text(call.spec, help_language(words));
    } else {
      status = function->second(call);
    }
  }
  flush_output(host);
  return status;
}

}  // namespace

void flush_output(const Host& host) {
  if (host.out.flush()) return;
  const auto* const buffer = dynamic_cast<const DescriptorBuffer*>(host.out.rdbuf());
  throw Error("FailedToWriteOutputs.file",
              {{"path", "standard output"}, {"reason", std::strerror(buffer ? buffer->error() : EIO)}});
}

int run_command(Host host, const Commands& commands, const Words& arguments) {
  std::string subject = "torchport";
  ignore_write_signals();  // a reader that has seen enough is no error
  try {
    return dispatch(host, commands, arguments, subject);
  } catch (...) {
    const std::vector<Error> errors = current_errors();
    host.err << render_all(errors, subject);
    return errors.front().exit_status();
  }
}

}  // namespace torchport::runtime
