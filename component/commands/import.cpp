// torchport import: a file of another system as one of torchport, by its content. Of weights what needs no network is checked here;
// component/worker_commands/import.cpp finds their network.
#include <ostream>

#include "models/weights/weights_file.h"
#include "runtime/cli/call.h"
#include "runtime/cli/worker_command.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/checked_plan.h"
#include "runtime/text/shell.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

/// Reads back what was made, as if all inputs had been given: what is wrong with values and wires is told now, with its place.
runtime::Pipeline read_back(const runtime::azure::Draft& draft, const runtime::azure::DraftText& made, const fs::path& file) {
  std::vector<runtime::Setting> settings;
  for (const runtime::azure::DraftInput& input : draft.inputs)
    if (!input.is_set()) settings.push_back({"inputs", input.name, "."});
  runtime::Problems problems;
  runtime::Pipeline pipeline = runtime::read_pipeline_text(made.text, file, settings, problems, made.origins);
  problems.throw_if_any();
  return pipeline;
}

std::string count(std::size_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

/// What runs the pipeline on this machine.
std::string command_of(const fs::path& file, const runtime::azure::Draft& draft) {
  std::string command = "torchport run " + runtime::shell_word(file.string());
  const auto set = [&](const std::string& name, const std::string& value) {
    command += " --set " + runtime::shell_word(name + "=" + value);
  };
  for (const runtime::azure::DraftInput& input : draft.inputs)
    if (!input.is_set()) set("inputs." + input.name, input.advice.empty() ? "PATH" : input.advice.string());
  for (const runtime::azure::DraftStep& step : draft.steps) {
    std::int64_t world = 1, nodes = 1;
    for (const runtime::azure::DraftValue& value : step.run) {
      if (value.name == "node_count") nodes = std::stoll(value.text);
      if (value.name == "node_count" || value.name == "process_count_per_node") world *= std::stoll(value.text);
    }
    if (nodes == 1) continue;
    set(step.name + ".node_count", "1");
    set(step.name + ".process_count_per_node", std::to_string(world));
  }
  return command;
}

int import_job(const runtime::Call& call, const runtime::Arguments& given, const std::string& text, runtime::azure::FileKind kind,
               const fs::path& file) {
  runtime::Problems problems;
  const auto options = runtime::azure::import_options(given.all("replace"), given.get<bool>("as_original"), problems);
  runtime::azure::Draft draft = runtime::azure::import_pipeline(text, kind, file, options, problems);
  problems.throw_if_any();
  const fs::path output = given.has("output") ? fs::path(given.get<std::string>("output")) : fs::path();
  draft.release_files(output.parent_path());
  const auto made = draft.written(file, output.parent_path());
  runtime::Pipeline pipeline = read_back(draft, made, output.empty() ? file.filename() : output);
  draft.note_in(pipeline);
  say_notes(call.host, pipeline);
  if (output.empty()) {
    call.host.out << made.text;
    return 0;
  }
  runtime::write_file_atomically(output, made.text);
  call.host.out << runtime::visible(output.string()) << " has " << count(draft.steps.size(), "step") << "; "
                << count(pipeline.notes.size(), "note") << " above. Run it: " << command_of(output, draft) << "\n";
  return 0;
}

}  // namespace

int import(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const fs::path file = given.operands.front();
  if (models::begins_as_weights(file)) {
    if (!given.has("output")) throw runtime::Error("NullOrEmpty.parameter", {{"flag", "output"}, {"title", "Model"}});
    runtime::continue_in_worker(call);
  }
  if (given.has("labels") || given.has("transformation") || given.has("mean") || given.has("std"))  // of weights only
    throw runtime::Error("InvalidModelDirectory.weights_file", {{"path", file.string()}, {"reason", "it begins as none"}});
  call.subject = runtime::visible(file.string());
  const std::string text = runtime::azure::text_of_file(file);
  const runtime::azure::FileKind kind = runtime::azure::kind_of(text, file);
  if (kind == runtime::azure::FileKind::other && runtime::azure::is_own_pipeline(text))
    throw runtime::Error("FileParsingFailed.not_a_pipeline", {{"found", "this is a pipeline of torchport already"},
                                                              {"mend", "There is nothing to import: torchport run " +
                                                                           runtime::shell_word(file.string()) + " runs it."}});
  if (kind == runtime::azure::FileKind::other)
    throw runtime::Error("FileParsingFailed.not_a_pipeline",
                         {{"found", "this is neither a pipeline job or a graph of Azure ML nor a file of weights"},
                          {"mend",
                           "torchport import takes a pipeline job (CLI v2), the graph of a "
                           "designer's run, and weights that PyTorch or safetensors wrote."}});
  return import_job(call, given, text, kind, file);
}

}  // namespace torchport::component
