// Texts that the programs show and the reference pages hold, all rendered from spec/. Called by the command line and by the
// worker's --help.
#pragma once
#include <string>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// All components, grouped by category.
std::string list_text(const Specs& specs);
/// What `torchport describe COMPONENT` and `--help` show: usage, ports, parameters and variants, at most 100 columns wide.
std::string help_text(const ComponentSpec& component, const Specs& specs);
/// docs/reference/components.md
std::string components_page(const Specs& specs);
/// docs/reference/error-codes.md
std::string error_codes_page();

}  // namespace torchport::runtime
