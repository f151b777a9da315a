#include "datasets/sources/parts.h"

#include "datasets/sources/archive_kind.h"
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

/// The words of a name, in small letters: of seg_train, train-2017, "Test Set" and testSet.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  bool small_before = false;
  for (const char c : name) {
    const bool capital = c >= 'A' && c <= 'Z', small = c >= 'a' && c <= 'z';
    if ((capital && small_before) || !(capital || small)) words.emplace_back();
    if (capital || small) words.back() += runtime::lower(c);
    small_before = small;
  }
  std::erase(words, "");
  return words;
}

/// Whether the word is a part's, alone or with what it is a part of behind it: train, trainset.
bool is_part_word(std::string word) {
  static const std::set<std::string, std::less<>> kParts = {"train", "training", "val",     "valid", "validation",
                                                            "test",  "testing",  "holdout", "dev",   "eval"};
  for (const char* const end : {"set", "data", "images", "imgs"})
    if (word.ends_with(end) && kParts.contains(word.substr(0, word.size() - std::string_view(end).size()))) return true;
  return kParts.contains(word);
}

/// Words that say nothing of a category beside the part's.
bool is_filler(const std::string& word) {
  static const std::set<std::string, std::less<>> kFillers = {"set",    "data",   "dataset", "images", "image", "img",
                                                              "imgs",   "photos", "pics",    "split",  "seg",   "cls",
                                                              "sample", "new",    "folder",  "samples"};
  return kFillers.contains(word);
}

}  // namespace

bool is_part_name(std::string_view name) {
  const std::vector<std::string> words = words_of(name);
  const auto parts = std::count_if(words.begin(), words.end(), is_part_word);
  return parts == 1 &&
         std::all_of(words.begin(), words.end(), [](const auto& word) { return is_part_word(word) || is_filler(word); });
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
  std::vector<std::string> folders, names;
  for (const auto& [name, depths] : parts) {
    folders.push_back(top + name);
    names.push_back("'" + name + "'");
  }
  const fs::path input = options.archive.empty() ? options.path : unpacking(options.archive).folder;
  throw runtime::Error("InvalidDataset.parts",
                       {{"what", "input"}, {"parts", runtime::join(names, ", ")}, {"path", (input / top).string()}},
                       commands_for(folders, options));
}

std::vector<runtime::Detail> commands_for(const std::vector<std::string>& folders, const SourceOptions& options) {
  std::vector<runtime::Detail> rows;
  fs::path input = options.path;
  if (!options.archive.empty()) {
    const Unpacking how = unpacking(options.archive);
    rows.push_back({"first", how.command});
    input = how.folder;
  }
  const fs::path output = options.output.empty() ? "out" : options.output;
  const fs::path to_run = options.own.empty() ? ".." : fs::absolute(output).lexically_relative(fs::absolute(options.own));
  const bool step = !to_run.native().starts_with("..");  // of a pipeline
  for (const std::string& folder : folders) {
    const fs::path part = fs::path(folder).filename();
    rows.push_back({"run", step ? "torchport quick " + runtime::shell_word((input / folder).string())
                                : command(input / folder, output.string() + "_" + part.string())});
  }
  return rows;
}

}  // namespace torchport::datasets
