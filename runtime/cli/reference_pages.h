// The reference pages, Markdown rendered from the specs. Called by `torchport reference`.
#pragma once
#include <string>
#include <vector>

#include "runtime/cli/command_spec.h"
#include "runtime/launch/engine_spec.h"
#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// docs/reference/commands.md
std::string commands_page(const std::vector<CommandSpec>& commands);
/// docs/reference/components.md
std::string components_page(const Specs& specs);
/// docs/reference/computes.md
std::string computes_page(const std::vector<EngineSpec>& engines);
/// docs/reference/error-codes.md
std::string error_codes_page();

}  // namespace torchport::runtime
