// Help texts, rendered from the specs, at most 100 columns wide, in the language of `say`. Called by the command line and by the
// commands list, describe, run and validate.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli/command_spec.h"
#include "runtime/spec/spec.h"
#include "runtime/text/language.h"

namespace torchport::runtime {

/// `torchport --help`: every usage of every command, by group.
std::string overview(const std::vector<CommandSpec>& commands, const Language& say);
/// `torchport COMMAND --help`: usages, options and an example.
std::string help_text(const CommandSpec& command, const Language& say);
/// All components, grouped by category.
std::string list_text(const Specs& specs, const Language& say);
/// `torchport describe COMPONENT`: usage, ports, parameters and variants.
std::string help_text(const ComponentSpec& component, const Specs& specs, const Language& say);

}  // namespace torchport::runtime
