// What `torchport contract` writes for other systems: component/contracts/<format>.cpp makes the text of a component or a pipeline.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/spec/table.h"

namespace torchport::component {

struct Contract {
  const runtime::ComponentSpec* component = nullptr;  ///< null: of a pipeline
  runtime::Pipeline pipeline;                         ///< also of a component: one step, where the format runs it
  std::string image, compute;                         ///< of the options; "" where they are not given
  std::filesystem::path folder;                       ///< where the text will lie, for paths in it
  std::vector<std::string> notes{};                   ///< what the text cannot say, for the terminal

  /// --image, or the error that it must be given.
  const std::string& needed_image() const;
  /// Its name, of the component or the pipeline.
  const std::string& name() const { return component ? component->name : pipeline.name; }
};

/// The generated table of component/contracts/; json-schema is json_schema there. \throws Error
const runtime::Table<std::string(Contract&)>& contracts();

/// Formats whose text starts a component, and so is of a pipeline: with values, not with defaults.
bool is_script(const std::string& format);

}  // namespace torchport::component
