// One call of a command: what component/commands/<name>.cpp gets. Made by runtime/cli/cli.cpp.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli/arguments.h"
#include "runtime/cli/host.h"
#include "runtime/spec/table.h"

namespace torchport::runtime {

struct Call {
  const Host& host;
  CommandSpec spec;
  std::vector<std::string> words;  ///< after the command
  std::string& subject;            ///< what errors begin with: "torchport", until the command knows better

  /// What was typed, from "torchport" on.
  std::vector<std::string> command_line() const;
  /// The words by the command's spec. \throws Error, Errors
  Arguments arguments() const;
  /// Whether the first word is a pipeline file and not the name of a component. Errors then begin with the file.
  bool names_pipeline();
  /// The component that the first word names. \throws Error ParameterParsing.no_operand, .unknown_component
  const ComponentSpec& component() const;
  /// The words after the component's name.
  std::vector<std::string> component_flags() const { return {words.begin() + 1, words.end()}; }
  bool wants_help() const;
};

/// The functions of the commands, by file name: each returns the exit status. \throws Error, Errors
using Commands = Table<int(Call&)>;

}  // namespace torchport::runtime
