#include "runtime/launch/run_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/files/leftovers.h"
#include "runtime/launch/run_files.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
  std::error_code gone;
  if (path.is_relative() && fs::current_path(gone).empty())
    throw Error("CouldNotOpenFile.current_folder", {{"reason", gone.message()}});
  throw Error("FailedToWriteOutputs.run_dir", {{"path", path.string()}, {"reason", reason}});
}

/// Makes a folder. Returns whether it was absent.
bool make_folder(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0777) == 0) return true;
  if (errno != EEXIST) fail(folder, std::strerror(errno));
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) fail(folder, "a file of that name exists");
  return false;
}

void make_folders(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return;
  if (folder.has_parent_path() && folder.parent_path() != folder) make_folders(folder.parent_path());
  if (folder.has_filename()) make_folder(folder);
}

}  // namespace

fs::path next_free_run_dir(const fs::path& runs, const std::string& name) {
  make_folders(runs);
  for (int number = 1;; ++number) {
    const fs::path folder = runs / (name + "-" + std::to_string(number));
    if (make_folder(folder)) return folder;
  }
}

bool is_latest(const fs::path& path) {
  std::error_code ignored;
  return path.filename() == kLatest && fs::is_symlink(path, ignored);
}

void link_latest(const fs::path& run_dir) {
  std::error_code error;
  const fs::path link = run_dir.parent_path() / kLatest;
  const fs::file_status there = fs::symlink_status(link, error);
  if (fs::exists(there) && !fs::is_symlink(there)) return;
  const fs::path fresh = link.parent_path() / ("." + std::string(kLatest) + "." + random_suffix() + std::string(kTemporary));
  fs::create_directory_symlink(run_dir.filename(), fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (error) fs::remove(fresh, error);
}

void check_current_folder() {
  std::error_code gone;
  if (fs::current_path(gone).empty()) throw Error("CouldNotOpenFile.current_folder", {{"reason", gone.message()}});
}

void check_run_dir(const fs::path& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  if (error) fail(folder, error.message());
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  if (!fs::is_directory(there, error)) fail(folder, "'" + there.string() + "' is not a folder");
  if (access(there.c_str(), W_OK | X_OK) != 0) fail(folder, std::strerror(errno));
}

bool names_run_dir(const Request& request) {
  const char* const handed_on = std::getenv("TORCHPORT_RUN_DIR");
  return request.has_setting("run_dir") || (handed_on && *handed_on);
}

fs::path prepare_run_dir(const Request& request, const std::optional<LaunchedAs>& launched, bool fresh) {
  const char* const handed_on = std::getenv("TORCHPORT_RUN_DIR");
  const std::string& component = request.component->name;
  fs::path folder;
  if (request.has_setting("run_dir")) {
    folder = request.setting<std::string>("run_dir");
  } else if (handed_on && *handed_on) {
    folder = handed_on;
  } else if (launched) {
    folder = fs::path("runs") / (component + "-" + launched->job);
  } else {
    folder = next_free_run_dir("runs", component);
  }
  const bool numbered = !names_run_dir(request);
  std::error_code error;
  folder = fs::absolute(folder, error);
  if (error) fail(folder, error.message());
  make_folders(folder);
  if (numbered && fresh) link_latest(folder);
  make_folder(folder / "logs");
  make_folder(folder / "module_statistics");
  if (fresh) make_room(folder);
  return folder;
}

}  // namespace torchport::runtime
