#include "datasets/sources/parts.h"

#include "runtime/error/error.h"
#include "runtime/text/lower.h"
#include "runtime/text/shell.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// Images of a folder: directly in it, and in its folders.
struct Depths {
  std::size_t direct = 0, deeper = 0;
};

std::string command(const fs::path& input, const fs::path& output) {
  return "torchport run convert_to_image_directory --input_path=" + runtime::shell_word(input.string()) +
         " --output_path=" + runtime::shell_word(output.string());
}

/// Where an archive would be unpacked to, and how.
std::pair<fs::path, std::string> unpacking(const fs::path& archive) {
  fs::path folder = archive;
  folder.replace_extension();
  if (folder.extension() == ".tar") folder.replace_extension();
  const std::string from = runtime::shell_word(archive.string()), to = runtime::shell_word(folder.string());
  const bool zip = runtime::lower(archive.extension().string()) == ".zip";
  return {folder, zip ? "unzip " + from + " -d " + to : "mkdir " + to + " && tar -xf " + from + " -C " + to};
}

}  // namespace

bool is_part_name(std::string_view name) {
  static const std::set<std::string, std::less<>> kNames = {"train", "training", "val",     "valid", "validation",
                                                            "test",  "testing",  "holdout", "dev",   "eval"};
  std::string small = runtime::lower(name);
  while (!small.empty() && (small.back() == '_' || (small.back() >= '0' && small.back() <= '9'))) small.pop_back();
  return kNames.contains(small);
}

void refuse_parts(const std::vector<std::string>& images, const std::string& top, const SourceOptions& options) {
  std::map<std::string, Depths> parts;
  for (const std::string& file : images) {
    const std::size_t slash = file.find('/');
    if (slash == file.npos || !is_part_name(file.substr(0, slash))) continue;
    Depths& part = parts[file.substr(0, slash)];
    ++(file.find('/', slash + 1) == file.npos ? part.direct : part.deeper);
  }
  const bool classes =
      std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.second.deeper > part.second.direct; });
  if (parts.size() < 2 || !classes) return;
  std::vector<runtime::Detail> rows;
  fs::path input = options.path;
  if (!options.archive.empty()) {
    const auto [folder, how] = unpacking(options.archive);
    rows.push_back({"first", how});
    input = folder;
  }
  std::vector<std::string> names;
  for (const auto& [name, depths] : parts) {
    names.push_back("'" + name + "'");
    const std::string output = (options.output.empty() ? "out" : options.output.string()) + "_" + name;
    rows.push_back({"run", command(input / (top + name), output)});
  }
  throw runtime::Error("InvalidDataset.parts",
                       {{"what", "input"}, {"parts", runtime::join(names, ", ")}, {"path", (input / top).string()}}, rows);
}

}  // namespace torchport::datasets
