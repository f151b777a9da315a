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
};

struct DraftStep {
  std::string name, place;
  const ComponentSpec* component = nullptr;
  std::vector<DraftValue> inputs, parameters, run;
  bool own = false;  ///< of a command of torchport's: it is to differ from nothing
  const DraftValue* parameter(const std::string& wanted) const;
};

/// An input of the pipeline; without a path it must be set when it starts.
struct DraftInput {
  std::string name;
  std::filesystem::path path;  ///< relative to the folder of the file that is imported
  std::string place;
};

/// The text of a pipeline file, and what each of its lines stands for ("job.yml:12:3"; "" for what is in no file).
struct DraftText {
  std::string text;
  std::vector<std::string> origins;
};

struct Draft {
  std::string name;
  std::vector<DraftInput> inputs;
  std::vector<DraftStep> steps;
  std::vector<PipelineNote> notes;

  void note(const std::string& place, const std::string& text) { notes.push_back({place, text}); }
  /// Says once for all places that something is of no use here; notes come out when all is read.
  void ignore(const std::string& place, const std::string& where, const std::string& key, const std::string& why = "");
  void finish();
  /// A wire to an input of the pipeline, "inputs.photos", which is made if it is not there.
  std::string input(const std::string& wanted, const std::filesystem::path& path, const std::string& place);
  DraftStep* step(const std::string& wanted);

  /// As a file in `folder`; `from` is the folder that paths are relative to now.
  DraftText written(const std::filesystem::path& file, const std::filesystem::path& from,
                    const std::filesystem::path& folder) const;

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
