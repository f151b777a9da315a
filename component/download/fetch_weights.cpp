#include "component/download/fetch_weights.h"

#include <chrono>
#include <optional>
#include <thread>

#include "component/download/environment.h"
#include "component/download/http.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/sha256.h"

namespace torchport::component {
namespace {
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kTries = 3;  // as many as the original makes
constexpr auto kPause = 1s, kLogEvery = 10s;

std::string megabytes(std::size_t bytes) { return std::to_string((bytes + 500'000) / 1'000'000); }

/// "resnet18-f37072fd.pth" says that its SHA-256 begins with f37072fd, torch.hub's custom.
std::string hash_in_name(const std::string& file) {
  const auto end = file.rfind('.'), begin = file.rfind('-', end);
  return begin == file.npos ? "" : file.substr(begin + 1, end - begin - 1);
}

/// How far a download is: on the progress bar, and in the log now and then.
class Progress {
 public:
  explicit Progress(runtime::Log& log) : log_(log) {}
  ~Progress() { log_.progress(""); }
  void operator()(std::size_t done, std::size_t total) {
    const std::string text = megabytes(done) + (total ? " of " + megabytes(total) : "") + " MB downloaded";
    log_.progress(text);
    if (Clock::now() - said_ < kLogEvery) return;
    said_ = Clock::now();
    log_.info(text);
  }

 private:
  runtime::Log& log_;
  Clock::time_point said_ = Clock::now();
};

class Fetcher {
 public:
  Fetcher(const models::ModelSpec& spec, int stall_seconds, runtime::Log& log)
      : model_(spec.variant->name),
        file_(spec.variant->text("weights")),
        cache_(torch_checkpoints()),
        url_(weights_url(spec.component->architecture->published.url) + file_),
        // Twice what the parameters take: statistics, names and the archive around them are far less.
        max_bytes_(static_cast<std::size_t>(spec.variant->integer("parameters")) * 8 + (std::size_t{16} << 20)),
        stall_seconds_(stall_seconds),
        log_(log) {}

  fs::path fetch() {
    std::vector<fs::path> folders = {cache_};
    if (const auto own = weights_folder(); !own.empty()) folders.insert(folders.begin(), own);
    for (const fs::path& folder : folders) {
      std::error_code absent;
      if (!fs::exists(folder / file_, absent)) continue;
      check_hash(folder / file_, "'" + (folder / file_).string() + "'");
      return folder / file_;
    }
    log_.info("Downloading " + url_ + " into '" + cache_.string() + "'.");
    const auto start = Clock::now();
    for (int attempt = 1; !try_download(attempt); ++attempt) std::this_thread::sleep_for(kPause);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start).count();
    log_.info("Downloaded " + megabytes(fs::file_size(cache_ / file_)) + " MB in " + std::to_string(seconds) + " s.");
    return cache_ / file_;
  }

 private:
  runtime::Fields fields() const { return {{"model", model_}, {"file", file_}, {"path", cache_.string()}, {"url", url_}}; }

  void check_hash(const fs::path& path, const std::string& source) const {
    const std::string wanted = hash_in_name(file_), found = runtime::sha256(path).substr(0, wanted.size());
    if (found == wanted) return;
    auto faults = fields();
    faults.insert({{"source", source}, {"found", found}, {"wanted", wanted}});
    throw runtime::Error("FailedToDownloadFiles.hash", faults);
  }

  /// Whether the file is there now; false asks for another try.
  bool try_download(int attempt) {
    try {
      download_to_cache();
      return true;
    } catch (const DownloadError& error) {
      const bool last = attempt == kTries || !error.transient;
      log_.warning("Try " + std::to_string(attempt) + " of " + std::to_string(kTries) + ": " + error.what());
      if (!last) return false;
      auto faults = fields();
      faults["reason"] = error.what();
      throw runtime::Error("FailedToDownloadFiles.download", faults);
    }
  }

  void download_to_cache() {
    std::error_code fault;
    fs::create_directories(cache_, fault);  // what keeps it from being made also keeps the file from being written
    const fs::path part = cache_ / ("." + file_ + "." + runtime::random_suffix() + ".part");
    runtime::FileWriter writer(part);
    Progress progress(log_);
    download({url_, max_bytes_, stall_seconds_, [&](const void* data, std::size_t bytes) { writer.write(data, bytes); },
              [&](std::size_t done, std::size_t total) { progress(done, total); }});
    writer.finish();
    try {
      check_hash(part, url_);
    } catch (...) {
      fs::remove(part, fault);
      throw;
    }
    fs::rename(part, cache_ / file_, fault);
    if (fault)
      throw runtime::Error("FailedToWriteOutputs.file", {{"path", (cache_ / file_).string()}, {"reason", fault.message()}});
  }

  std::string model_, file_;
  fs::path cache_;
  std::string url_;
  std::size_t max_bytes_;
  int stall_seconds_;
  runtime::Log& log_;
};

}  // namespace

fs::path fetch_weights(const models::ModelSpec& spec, int stall_seconds, runtime::Log& log) {
  return Fetcher(spec, stall_seconds, log).fetch();
}

}  // namespace torchport::component
