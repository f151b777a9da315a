#include "component/checkpoint/saver.h"

#include <pthread.h>
#include <sys/stat.h>

#include <chrono>

#include "runtime/files/refused_file.h"
#include "runtime/files/sync.h"
#include "runtime/report/checkpoints.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kKept = 2;
constexpr const char *kMaking = ".making", *kGone = ".gone";

}  // namespace

void discard(const fs::path& folder) {
  const fs::path gone = folder.parent_path() / kGone;
  std::error_code ignored;
  fs::remove_all(gone, ignored);
  fs::rename(folder, gone, ignored);
  fs::remove_all(gone, ignored);
}

Saver::Saver(fs::path run_dir, std::function<Conditions(const std::atomic<bool>&)> conditions, runtime::Log& log)
    : run_dir_(std::move(run_dir)),
      folder_(run_dir_ / runtime::kCheckpoints),
      conditions_of_(std::move(conditions)),
      log_(log),
      thread_([this] { work(); }) {
  pthread_setname_np(thread_.native_handle(), "checkpoints");
}

bool Saver::busy() {
  const std::lock_guard lock(mutex_);
  return job_.has_value();
}

void Saver::save(TrainingState state, std::string name) {
  const std::lock_guard lock(mutex_);
  job_.emplace(std::move(state), std::move(name));
  fault_.reset();
  changed_.notify_all();
}

std::optional<runtime::Error> Saver::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !job_; });
  return fault_;
}

void Saver::end() {
  given_up_ = true;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Saver::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return job_ || ending_; });
    if (!job_) return;
    lock.unlock();
    std::optional<runtime::Error> fault;
    try {
      write(job_->first, job_->second);
    } catch (const GivenUp&) {
    } catch (const runtime::Error& error) {
      fault = error;
    } catch (const std::exception& error) {  // no memory, say
      fault = runtime::Error("FailedToWriteOutputs.file", {{"path", folder_.string()}, {"reason", error.what()}});
    }
    if (fault) {
      const fs::path last = runtime::last_checkpoint(run_dir_);
      log_.warning("The checkpoint " + job_->second + " is not there: " + fault->what() + ". " +
                   (last.empty() ? "There is none yet." : "The last one is " + last.filename().string() + "."));
    }
    lock.lock();
    fault_ = fault;
    job_.reset();
    changed_.notify_all();
  }
}

void Saver::write(const TrainingState& state, const std::string& name) {
  const auto start = std::chrono::steady_clock::now();
  if (mkdir(folder_.c_str(), 0777) != 0 && errno != EEXIST) runtime::refuse_writing(folder_, errno);
  if (!conditions_) conditions_ = conditions_of_(given_up_);
  const fs::path staging = folder_ / kMaking;
  std::error_code ignored;
  fs::remove_all(staging, ignored);
  try {
    write_checkpoint(staging, {state, *conditions_}, given_up_);
    publish(staging, name);
  } catch (...) {
    fs::remove_all(staging, ignored);
    throw;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  log_.info("Checkpoint " + name + runtime::formatted(" is written, in %.1f s beside the training.", seconds.count()));
}

void Saver::publish(const fs::path& staging, const std::string& name) {
  const fs::path target = folder_ / name;
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(target, ignored))) discard(target);
  if (rename(staging.c_str(), target.c_str()) != 0) runtime::refuse_writing(target, errno);
  runtime::sync_path(folder_);
  const auto all = runtime::checkpoints_of(run_dir_);
  for (std::size_t i = kKept; i < all.size(); ++i) discard(all[i]);
}

}  // namespace torchport::component
