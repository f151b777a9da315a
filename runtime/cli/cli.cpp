#include "runtime/cli/cli.h"

#include <ostream>

#include "runtime/cli/docs.h"
#include "runtime/files/files.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/process.h"
#include "runtime/pipeline/commands.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/pipeline/schema.h"
#include "runtime/text/text.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kUsage = R"(torchport: the designer's vision components as native programs

  torchport list                     the components, by category
  torchport describe COMPONENT       its ports, parameters, ranges and defaults
  torchport run COMPONENT FLAGS      runs it: here, in several processes that it starts, or as a rank under mpirun
  torchport validate COMPONENT FLAGS checks parameters and inputs, and runs nothing
  torchport check-data DIR           looks for broken, duplicate and oversized images and thin categories in a dataset; with
                                     --against DIR2 for images in both; --json for programs; exit status 5 where it finds any
  torchport reference FOLDER         writes the reference pages

  torchport run PIPELINE.yaml        runs the steps of a pipeline; what is unchanged since an earlier run is reused
      --dry-run                      only says what would run, and why
      --set STEP.PARAMETER=VALUE     another value; --set inputs.NAME=PATH another input
      --force STEP                   runs this step and those after it in any case
      --runs FOLDER                  where run folders are made and looked for; default: runs
  torchport estimate PIPELINE.yaml   time, memory and disk of a run, from a short trial on some of the images; takes --set, --force
                                     and --runs as well; --seconds N for the trial of a step; --json for programs
  torchport validate PIPELINE.yaml   checks it, and runs nothing
  torchport graph PIPELINE.yaml -o graph.html|.svg|.dot [--run FOLDER]
                                     draws it; with the folder of a run, in the colours of the steps' states
  torchport runs list                the runs of pipelines in runs, or in --runs FOLDER
  torchport runs show RUN            the steps of one
  torchport --version

  --spec-dir DIR, before the command, adds the components of DIR/components/*.yaml.
)";

using Words = std::vector<std::string>;

/// One command under way: what it was given, and the name that errors begin with.
struct Session {
  const CommandLine& cli;
  Words words;             // after the command
  Words worker_arguments;  // for every worker alike
  std::string subject = "torchport";

  /// The one operand of `command`, e.g. its COMPONENT.
  std::string operand(const std::string& command, const std::string& name) const {
    if (words.empty()) throw Error("ParameterParsing.no_operand", {{"command", command}, {"operand", name}});
    return words.front();
  }
  void no_more_words(std::size_t expected) const {
    if (words.size() > expected) throw Error("ParameterParsing.positional", {{"value", words[expected]}});
  }
  /// The words after the component's name.
  Words flags() const { return {words.begin() + 1, words.end()}; }
  /// Whether the command is about a pipeline file, which then names the errors.
  bool names_pipeline() {
    const bool named = !words.empty() && is_pipeline_file(words.front());
    if (named) subject = visible(words.front());
    return named;
  }
  bool wants_help() const { return std::find(words.begin(), words.end(), "--help") != words.end(); }
};

std::string to_text(const Value& value) {
  std::array<char, 32> digits{};
  const auto number = [&](auto n) {
    return std::string(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr);
  };
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return number(*integer);
  if (const auto* real = std::get_if<double>(&value)) return number(*real);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "True" : "False";
  return visible(std::get<std::string>(value));
}

int list(Session& session) {
  session.no_more_words(0);
  session.cli.out << list_text(Specs::get());
  return 0;
}

int show_help(const Session& session, const ComponentSpec& component) {
  session.cli.out << help_text(component, Specs::get());
  return 0;
}

int describe(Session& session) {
  const ComponentSpec& component = Specs::get().component(session.operand("describe", "COMPONENT"));
  if (!session.wants_help()) session.no_more_words(1);
  return show_help(session, component);
}

int reference(Session& session) {
  const std::filesystem::path folder = session.operand("reference", "FOLDER");
  session.no_more_words(1);
  write_file_atomically(folder / "components.md", components_page(Specs::get()));
  write_file_atomically(folder / "error-codes.md", error_codes_page());
  write_file_atomically(folder / "pipeline.schema.json", pipeline_schema(Specs::get()));
  return 0;
}

/// Every value of a request with where it came from, in columns.
std::string values_text(const Request& request) {
  std::vector<std::array<std::string, 3>> rows;
  const auto add_port = [&](const PortSpec& port, const auto& paths) {
    if (const auto given = paths.find(port.name); given != paths.end())
      rows.push_back({"--" + port.flag, visible(given->second.string()), "command line"});
  };
  const auto add_value = [&](const ParameterSpec& parameter, const auto& values) {
    if (const auto given = values.find(parameter.name); given != values.end()) {
      rows.push_back({"--" + parameter.flag, to_text(given->second.value), given->second.origin});
    }
  };
  for (const PortSpec& port : request.component->inputs) add_port(port, request.inputs);
  for (const PortSpec& port : request.component->outputs) add_port(port, request.outputs);
  for (const ParameterSpec& parameter : request.component->parameters) add_value(parameter, request.parameters);
  for (const ParameterSpec* setting : Specs::get().run_settings_of(*request.component)) add_value(*setting, request.run_settings);
  std::array<std::size_t, 2> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    out += "  ";
    for (std::size_t i = 0; i < widths.size(); ++i) out += row[i] + std::string(widths[i] - display_width(row[i]) + 3, ' ');
    out += row[2] + "\n";
  }
  return out;
}

Request checked(const Session& session, const ComponentSpec& component) {
  Problems problems;
  Request request = parse_request(component, session.flags(), problems);
  session.cli.check(request, problems);
  problems.throw_if_any();
  return request;
}

int validate(Session& session) {
  if (session.names_pipeline()) return validate_pipeline_command(session.cli, session.words);
  const ComponentSpec& component = Specs::get().component(session.operand("validate", "COMPONENT"));
  if (session.wants_help()) return show_help(session, component);
  session.subject = component.name;
  const Request request = checked(session, component);
  session.cli.out << "ok: " << component.name << " can run with these values; image files are read when it does\n"
                  << values_text(request);
  return 0;
}

int run(Session& session) {
  if (session.names_pipeline()) return run_pipeline_command(session.cli, session.words, session.worker_arguments);
  const ComponentSpec& component = Specs::get().component(session.operand("run", "COMPONENT"));
  if (session.wants_help()) return show_help(session, component);
  session.subject = component.name;
  Problems problems;
  Request request = parse_request(component, session.flags(), problems);
  // Ranks of a foreign launcher all come by here; the workers agree on one report. A single process checks when it runs.
  if (!launched_as() && (!problems.empty() || wants_several_processes(request))) request = checked(session, component);
  return launch(request, session.cli.worker, session.worker_arguments);
}

int graph(Session& session) {
  session.names_pipeline();
  return graph_command(session.words);
}

int runs(Session& session) { return runs_command(session.cli, session.words); }

/// Commands of the worker, which has the image decoders.
int of_worker(Session& session, const std::string& name) {
  Words command{session.cli.worker.string()};
  command.insert(command.end(), session.worker_arguments.begin(), session.worker_arguments.end());
  command.push_back(name);
  command.insert(command.end(), session.words.begin(), session.words.end());
  const std::string reason = replace_process(command.front(), command);
  throw Error("FailedToCompleteOperation.no_worker", {{"path", command.front()}, {"reason", reason}});
}

int check_data(Session& session) { return of_worker(session, "check-data"); }

int estimate(Session& session) { return of_worker(session, "estimate"); }

int show_version(Session& session) {
  const std::string from = commit();
  session.cli.out << "torchport " << version() << (from.empty() ? "" : " (commit " + from + ")") << "\n" << std::flush;
  // LibTorch's and MPI's are the worker's to tell, because only it links them.
  const std::string reason = replace_process(session.cli.worker.string(), {session.cli.worker.string(), "--version"});
  throw Error("FailedToCompleteOperation.no_worker", {{"path", session.cli.worker.string()}, {"reason", reason}});
}

int show_usage(Session& session) {
  session.cli.out << kUsage;
  return 0;
}

const std::map<std::string, int (*)(Session&), std::less<>>& commands() {
  static const std::map<std::string, int (*)(Session&), std::less<>> table = {
      {"list", list},     {"describe", describe},     {"run", run},           {"validate", validate},   {"graph", graph},
      {"runs", runs},     {"check-data", check_data}, {"estimate", estimate}, {"reference", reference}, {"--help", show_usage},
      {"-h", show_usage}, {"--version", show_version}};
  return table;
}

/// Takes `--spec-dir DIR` and `--spec-dir=DIR` from the front.
void take_spec_dir(Session& session) {
  while (!session.words.empty() && session.words.front().starts_with("--spec-dir")) {
    const bool adjacent = session.words.front().starts_with("--spec-dir=");
    if (!adjacent && session.words.size() < 2) throw Error("ParameterParsing.no_value", {{"flag", "spec-dir"}});
    const std::string folder = adjacent ? session.words.front().substr(11) : session.words[1];
    session.words.erase(session.words.begin(), session.words.begin() + (adjacent ? 1 : 2));
    session.worker_arguments = {"--spec-dir", folder};
    Specs::set_overlay(folder);
  }
}

[[noreturn]] void refuse_command(const std::string& command) {
  Words known;
  for (const auto& [name, function] : commands()) known.push_back(name);
  for (const ComponentSpec& component : Specs::get().components()) known.push_back("run " + component.name);
  const bool is_component = std::find(known.begin(), known.end(), "run " + command) != known.end();
  const std::string near = is_component ? "run " + command : nearest(command, known);
  throw Error("ParameterParsing.unknown_command",
              {{"command", command}, {"nearest", near.empty() ? "" : "Did you mean torchport " + near + "? "}});
}

int dispatch(Session& session) {
  take_spec_dir(session);
  if (session.words.empty()) {
    session.cli.err << kUsage;
    return 2;
  }
  const std::string command = session.words.front();
  session.words.erase(session.words.begin());
  const auto found = commands().find(command);
  if (found == commands().end()) refuse_command(command);
  const int status = found->second(session);
  if (!session.cli.out.flush())
    throw Error("FailedToWriteOutputs.file", {{"path", "standard output"}, {"reason", std::strerror(errno)}});
  return status;
}

}  // namespace

int run_command(const CommandLine& cli, const Words& arguments) {
  Session session{cli, arguments, {}};
  const auto report = [&](const std::vector<Error>& errors) {
    cli.err << render_all(errors, session.subject);
    return errors.front().exit_status();
  };
  try {
    return dispatch(session);
  } catch (const Error& error) {
    return report({error});
  } catch (const Errors& errors) {
    return report(errors.all());
  } catch (const std::exception& bug) {
    return report({as_bug(bug)});
  }
}

}  // namespace torchport::runtime
