// A pipeline while it is made of a file of Azure ML: its parts with the places that they come from, and what is to be said of them.
// Filled by the readers of this room; written as the text of a pipeline file.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "runtime/pipeline/pipeline.h"

namespace torchport::runtime::azure {

/// One line of a step: a wire, or a value as YAML has it.
struct DraftValue {
  std::string name, text, place;
  std::string input{};           ///< the input of the pipeline that the value comes from, as a wire; "": it stands in the step
  bool is_file = false;          ///< `text` is "", or an input has it
  std::filesystem::path path{};  ///< of a file, relative to the folder of the file that is imported
};

struct DraftStep {
  std::string name, place;
  const ComponentSpec* component = nullptr;
  std::vector<DraftValue> inputs, parameters, run;
  bool own = false;  ///< of a command of torchport's: it is to differ from nothing
  const DraftValue* parameter(const std::string& wanted) const;
};

/// An input of the pipeline; without a path and a value it must be set when it starts.
struct DraftInput {
  std::string name;
  std::filesystem::path path;  ///< relative to the folder of the file that is imported
  std::string place;
  std::string value{};             ///< as YAML has it, of what is no path
  std::filesystem::path advice{};  ///< what it had, where a pipeline file may not name that; relative to the current folder
  bool is_set() const { return !path.empty() || !value.empty(); }
};

/// The text of a pipeline file, and what each of its lines stands for ("job.yml:12:3"; "" for what is in no file).
struct DraftText {
  std::string text;
  std::vector<std::string> origins;
};

struct Draft {
  std::string name;
  std::string description{};
  std::filesystem::path folder;  ///< of the file that is imported
  std::vector<DraftInput> inputs;
  std::vector<DraftStep> steps;
  std::vector<PipelineNote> notes;
  std::vector<std::string> left_out;  ///< steps that are of no component of ours, as --replace names them

  void note(const std::string& place, const std::string& text) { notes.push_back({place, text}); }
  /// Says once for all places that something is of no use here; notes come out when all is read.
  void ignore(const std::string& place, const std::string& where, const std::string& key, const std::string& why = "");
  void finish();
  /// Puts these notes before those that were made when the text was read back, without the ones that say the same.
  void note_in(Pipeline& pipeline) const;
  /// A wire to an input of the pipeline, "inputs.photos", which is made if it is not there.
  std::string input(const std::string& wanted, const std::filesystem::path& path, const std::string& place);
  /// A wire to an input with this value; "" where one of that name has another.
  std::string value(const std::string& wanted, const std::string& text, const std::string& place);
  DraftStep* step(const std::string& wanted);
  /// A path that is relative to `base`, as one from `folder`.
  std::filesystem::path from_here(const std::filesystem::path& base, const std::filesystem::path& path) const;
  /// Makes files of parameters inputs without a value where a pipeline file in `target` may not name them: it reads no file from
  /// outside of its own folder.
  void release_files(const std::filesystem::path& target);

  /// Made of `file`, as a file in the folder `target`.
  DraftText written(const std::filesystem::path& file, const std::filesystem::path& target) const;

 private:
  struct Ignored {
    std::string place, where, why;
    int count = 0;
  };
  std::map<std::string, Ignored> ignored_;
};

/// `text` as a name of a step or an input: small letters, digits and _.
std::string as_name(const std::string& text);

}  // namespace torchport::runtime::azure
