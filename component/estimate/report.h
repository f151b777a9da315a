// An estimate as a table for people and as JSON for programs. Called by `torchport estimate`.
#pragma once
#include <string>

#include "component/estimate/estimate.h"

namespace torchport::component {

std::string estimate_text(const PipelineEstimate& estimate);
std::string estimate_json(const PipelineEstimate& estimate);

}  // namespace torchport::component
