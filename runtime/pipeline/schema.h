// The JSON schema of pipeline files, which lets editors complete and check them. Rendered from the specs by `torchport reference`.
#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// docs/reference/pipeline.schema.json
std::string pipeline_schema(const Specs& specs);

/// What a value of the parameter looks like, with title, meaning and default; `wires`: or "inputs.NAME", which a pipeline file
/// takes.
nlohmann::ordered_json value_schema(const ParameterSpec& parameter, bool wires);

}  // namespace torchport::runtime
