#include "component/contract/script.h"

#include <algorithm>

#include "component/contract/values.h"
#include "runtime/pipeline/run.h"
#include "runtime/text/shell.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr char kOut = '\x01';  ///< stands for the value of $out in a word

/// A word for Bash, with $out where it is meant.
std::string word_of(const std::string& text) {
  const std::size_t at = text.find(kOut);
  if (at == text.npos) return runtime::shell_word(text);
  const std::string before = text.substr(0, at), behind = text.substr(at + 1);
  return (before.empty() ? "" : runtime::shell_word(before)) + "\"$out\"" + (behind.empty() ? "" : runtime::shell_word(behind));
}

/// Without what says where and by what it is started.
runtime::Step plain(const runtime::Step& step, Contract& contract) {
  const auto kept = given_values(step, contract);
  runtime::Step plain = step;
  std::erase_if(plain.run_settings, [&](const runtime::StepValue& value) {
    return std::none_of(kept.begin(), kept.end(), [&](const runtime::StepValue* one) { return one->spec == value.spec; });
  });
  // A job begins in a folder of its own.
  for (runtime::StepValue& value : plain.parameters)
    if (value.spec->path && value.origin != "default") value.text = with_whole_paths(*value.spec, value.text);
  return plain;
}

fs::path place_of(const std::string& step, const std::string& name) { return std::string(1, kOut) + "/" + step + "/" + name; }

}  // namespace

Processes processes_of(const runtime::Step& step) {
  return {run_number(step, "node_count"), run_number(step, "process_count_per_node")};
}

Processes most_processes(const runtime::Pipeline& pipeline) {
  Processes most;
  for (const runtime::Step& step : pipeline.steps) {
    const Processes one = processes_of(step);
    most = {std::max(most.nodes, one.nodes), std::max(most.each, one.each)};
  }
  return most;
}

std::vector<std::string> step_lines(Contract& contract, const std::function<std::string(const Processes&)>& start) {
  std::vector<std::string> lines;
  const auto input_of = [](const runtime::StepInput& input) {
    if (input.is_wire()) return place_of(input.step, input.output);
    return is_address(input.path) ? input.path : fs::absolute(input.path).lexically_normal();
  };
  for (const runtime::Step& step : contract.pipeline.steps) {
    const runtime::Step own = plain(step, contract);
    const std::string made = word_of(place_of(step.name, step.outputs.back()->name).string());
    std::string line = "[[ -e " + made + " ]] || " + start(processes_of(step)) + "torchport";
    const fs::path folder = place_of(step.name, "").parent_path();
    const std::vector<std::string> words = step_arguments(own, input_of, folder, folder / "run");
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i].starts_with("--")) {
        lines.push_back(line + " \\");
        line = " ";
      }
      line += " " + word_of(words[i]);
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace torchport::component
