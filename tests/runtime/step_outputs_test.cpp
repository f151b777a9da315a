#include "runtime/pipeline/step_outputs.h"

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using torchport::runtime::Sharing;
using torchport::runtime::sharing_of_outputs;

TEST_CASE("step outputs: only files between steps of pipelines of one folder of runs are linked", "[pipeline]") {
  const torchport::test::TemporaryFolder folder;
  const fs::path root = folder.path();
  for (const char* step : {"runs/a-1/convert", "runs/a-1/apply", "runs/b-1/split", "other/a-1/convert", "runs/loose/convert"}) {
    fs::create_directories(root / step / "outputs/output");
    const fs::path run = (root / step).parent_path();
    if (run.filename() != "loose") torchport::runtime::write_file_atomically(run / "pipeline.json", "{}");
  }
  fs::create_directories(root / "photos");
  fs::create_directory_symlink("../a-1/convert", root / "runs/b-1/convert");  // as a reused step is found in a later run
  const auto links = [&](const char* input, const char* output) {
    return sharing_of_outputs(root / input, root / output) == Sharing::inode;
  };
  CHECK(links("runs/a-1/convert/outputs/output", "runs/a-1/apply/outputs/new"));
  CHECK(links("runs/a-1/convert/outputs/output", "runs/b-1/split/outputs/new"));
  CHECK(links("runs/b-1/convert/outputs/output", "runs/b-1/split/outputs/new"));
  CHECK_FALSE(links("photos", "runs/a-1/apply/outputs/new"));
  CHECK_FALSE(links("runs/a-1/convert/outputs/output", "photos/new"));
  CHECK_FALSE(links("photos", "photos/new"));
  CHECK_FALSE(links("other/a-1/convert/outputs/output", "runs/a-1/apply/outputs/new"));
  CHECK_FALSE(links("runs/loose/convert/outputs/output", "runs/a-1/apply/outputs/new"));
  CHECK_FALSE(links("runs/a-1/convert", "runs/a-1/apply/outputs/new"));
  CHECK_FALSE(links("runs/a-1/convert/outputs/output/image", "runs/a-1/apply/outputs/new"));
}
