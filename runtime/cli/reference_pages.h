// The reference pages, Markdown rendered from the specs. Called by `torchport reference`.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "runtime/cli/command_spec.h"
#include "runtime/launch/engine_spec.h"
#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// docs/reference/commands.md
std::string commands_page(const std::vector<CommandSpec>& commands);
/// docs/reference/components.md
std::string components_page(const Specs& specs);
/// The part of it that is about one component, as a page.
std::string component_page(const ComponentSpec& component);
/// A text as a cell of a Markdown table.
std::string markdown_cell(std::string_view text);
/// docs/reference/computes.md
std::string computes_page(const std::vector<EngineSpec>& engines);
/// docs/reference/error-codes.md
std::string error_codes_page();

}  // namespace torchport::runtime
