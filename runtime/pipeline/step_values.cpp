#include "runtime/pipeline/step_values.h"

#include <algorithm>

#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// Whether `path`, links followed, lies in `folder` or below.
bool is_below(const fs::path& path, const fs::path& folder) {
  std::error_code fault;
  const fs::path root = fs::weakly_canonical(folder.empty() ? "." : folder, fault), real = fs::weakly_canonical(path, fault);
  return !fault && std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
}

/// Lines of PREFIX=FOLDER with folders that are there. What lies in them are images, which may be anywhere, as inputs may.
std::string mapped_folders(const Said& said, const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t equal = line.rfind('=');
    if (equal == line.npos || equal + 1 == line.size()) return text;  // its component refuses it
    const fs::path folder = (said.base / line.substr(equal + 1)).lexically_normal();
    std::error_code fault;
    if (!fs::exists(folder, fault))
      throw Error("CouldNotOpenFile.file", {{"path", folder.string()}, {"reason", "No such file or directory"}});
    lines.push_back(line.substr(0, equal + 1) + folder.string());
  }
  return join(lines, "\n");
}

/// The path that a value names, where it may be read.
std::string path_of(const ParameterSpec& spec, const Said& said, const fs::path& folder) {
  const std::string path = (said.base / said.text).lexically_normal().string();
  std::error_code fault;
  if (!fs::exists(path, fault)) throw Error("CouldNotOpenFile.file", {{"path", path}, {"reason", "No such file or directory"}});
  // Its text may come out again: a pipeline of somebody else must not read what lies elsewhere on this machine.
  if (!said.from_command_line() && !is_below(path, folder))
    throw Error("ParameterParsing.outside_of_pipeline", {{"path", path}, {"name", spec.name}});
  return path;
}

}  // namespace

std::vector<fs::path> named_paths(const ParameterSpec& spec, const std::string& text) {
  if (!spec.several) return {text};
  std::vector<fs::path> folders;
  for (const std::string& line : split(text, '\n')) folders.emplace_back(line.substr(line.rfind('=') + 1));
  return folders;
}

Said said(const YAML::Node& node, const std::string& what, FileFaults& faults) {
  Said said{"", faults.place(node), faults.place(node), faults.file().parent_path()};
  if (node.IsSequence()) {
    std::vector<std::string> parts;
    for (const auto& part : node) parts.push_back(faults.scalar(part, "each of " + what));
    said.text = "[" + join(parts, ", ") + "]";
    said.list = true;
    said.parts = std::move(parts);
  } else {
    said.text = faults.scalar(node, what);
    said.quoted = is_quoted(node);
  }
  return said;
}

void add_value(std::vector<StepValue>& values, const ParameterSpec& spec, const Said& said, Pipeline& pipeline,
               FileFaults& faults) {
  Problems mine;
  mine.collect([&] {
    const bool is_size = spec.type == ParameterType::size;
    const bool is_list = spec.several && spec.type == ParameterType::string;
    if (said.list && !is_size && !is_list)
      throw Error("FileParsingFailed.pipeline", {{"reason", "the value of " + spec.name + " must be a text or a number"}});
    // A text where none belongs: shown as it is refused.
    std::string text = said.quoted && (spec.is_number() || is_size) ? '"' + said.text + '"' : said.text;
    if (said.list && is_list) text = join(said.parts, "\n");
    auto [value, note] = understand(spec, text);
    // A plain false is a value of YAML's; only a text may have meant something else to the original.
    if (note && (note->warning || text != "false" || said.quoted)) pipeline.notes.push_back({said.place, note->text});
    if (spec.type == ParameterType::boolean || is_size) text = text_of_value(value);
    if (spec.path && is_list) {
      value = text = mapped_folders(said, text);
    } else if (spec.path) {
      value = text = path_of(spec, said, pipeline.file.parent_path());
    }
    values.push_back({&spec, value, text, said.origin});
  });
  for (const Error& error : mine.all()) faults.add(error, said.place);
}

}  // namespace torchport::runtime
