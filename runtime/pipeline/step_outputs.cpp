#include "runtime/pipeline/step_outputs.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// The folder of runs in which `directory` is an output of a step; empty where it is none.
fs::path runs_of(const fs::path& directory) {
  std::error_code fault;
  const fs::path real = fs::weakly_canonical(fs::absolute(directory), fault);
  const fs::path outputs = real.parent_path(), run = outputs.parent_path().parent_path();
  const bool made_by_step = !fault && outputs.filename() == "outputs" && fs::is_regular_file(run / "pipeline.json", fault);
  return made_by_step ? run.parent_path() : fs::path();
}

}  // namespace

Sharing sharing_of_outputs(const fs::path& input, const fs::path& output) {
  const fs::path runs = runs_of(input);
  return !runs.empty() && runs == runs_of(output) ? Sharing::inode : Sharing::blocks;
}

}  // namespace torchport::runtime
