// The engines as spec/engines/*.yaml declares them: the keys that a compute of each may have in a computes file.
// Read by the reader of computes files, by the reference pages and by tests.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// A key of a compute: a parameter, or a list of texts.
struct EngineSetting {
  ParameterSpec parameter;
  bool list = false;
};

struct EngineSpec {
  std::string name, title, summary;
  std::vector<EngineSetting> settings;
};

/// Reads one file; `shared` is the text of spec/engines/shared/settings.yaml. \throws Error FileParsingFailed.spec
EngineSpec read_engine_spec(const std::string& stem, std::string_view text, std::string_view shared);

/// All that are compiled in, by name.
const std::vector<EngineSpec>& engine_specs();

}  // namespace torchport::runtime
