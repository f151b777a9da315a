#include "runtime/report/progress_file.h"

#include "runtime/files/files.h"
#include "runtime/files/leftovers.h"
#include "runtime/text/json.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr const char* kName = "progress.json";
constexpr auto kBetween = std::chrono::seconds(1);
constexpr std::size_t kMostBytes = 4096;

}  // namespace

ProgressFile::ProgressFile(const fs::path& run_dir) : path_(run_dir / kName) {
  remove_temporaries(run_dir, kName);
  std::error_code ignored;
  fs::remove(path_, ignored);  // of an attempt that was killed
}

ProgressFile::~ProgressFile() {
  std::error_code ignored;
  fs::remove(path_, ignored);
}

void ProgressFile::step(const StepDone& event) {
  if (written_ != Time{} && event.time - written_ < kBetween) return;
  written_ = event.time;
  const nlohmann::json now = {{"epoch", event.epoch},
                              {"epochs", event.epochs},
                              {"step", event.step},
                              {"steps", event.steps},
                              {"loss", event.epoch_so_far.loss},
                              {"images_per_second", event.epoch_so_far.images_per_second},
                              {"eta_seconds", event.eta_seconds}};
  const fs::path fresh = path_.parent_path() / ("." + std::string(kName) + "." + random_suffix() + std::string(kTemporary));
  try {
    FileWriter writer(fresh);
    writer.write(now.dump() + "\n");
    writer.close();
    fs::rename(fresh, path_);
  } catch (const std::exception&) {  // a page shows less
    std::error_code ignored;
    fs::remove(fresh, ignored);
  }
}

nlohmann::json read_progress(const fs::path& run_dir) {
  try {
    nlohmann::json now = parse_json(read_file(run_dir / kName, kMostBytes));
    return now.is_object() ? now : nlohmann::json::object();
  } catch (const std::exception&) {  // there is none
    return nlohmann::json::object();
  }
}

}  // namespace torchport::runtime
