// The JSON schema of pipeline files, which lets editors complete and check them. Rendered from the specs by `torchport reference`.
#pragma once
#include <string>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// docs/reference/pipeline.schema.json
std::string pipeline_schema(const Specs& specs);

}  // namespace torchport::runtime
