#include "runtime/report/run_record.h"

#include "runtime/files/files.h"
#include "runtime/files/owner.h"
#include "runtime/files/sha256.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/json.h"
#include "runtime/text/json_text.h"
#include "runtime/text/secrets.h"
#include "runtime/text/utc.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20, kMostHashes = 1000;
constexpr std::uint64_t kMostHashed = std::uint64_t{1} << 30;  ///< bytes of an input; a file may be of any size, and take no place

nlohmann::json recorded(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return without_secrets(*text);
  return json_of(value);
}

nlohmann::json given(const std::map<std::string, Given, std::less<>>& values) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [name, one] : values) all[name] = {{"value", recorded(one.value)}, {"origin", one.origin}};
  return all;
}

nlohmann::json paths(const std::map<std::string, fs::path, std::less<>>& ports) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [name, path] : ports) all[name] = {{"path", without_secrets(path.string())}};
  return all;
}

}  // namespace

RunRecord::RunRecord(const Request& request, int world_size) {
  std::vector<std::string> command{"torchport", "run", request.component->name};
  for (const std::string& word : request.arguments) command.push_back(without_secrets(word));
  record_ = {{"component", request.component->name},
             {"command", command},
             {"directory", fs::current_path().string()},
             {"parameters", given(request.parameters)},
             {"run_settings", given(request.run_settings)},
             {"inputs", paths(request.inputs)},
             {"outputs", paths(request.outputs)},
             {"world_size", world_size},
             {"process", Owner::self().json()},
             {"state", "running"},
             {"started", utc_text()}};
  set_version("torchport", version());
  if (!commit().empty()) set_version("commit", commit());
}

void RunRecord::set(const std::string& key, nlohmann::json value) {
  const std::lock_guard lock(mutex_);
  record_[key] = std::move(value);
}

void RunRecord::set_version(const std::string& library, const std::string& version) {
  const std::lock_guard lock(mutex_);
  record_["versions"][library] = version;
}

void RunRecord::hash_input(const std::string& port, const fs::path& input) {
  std::error_code ignored;
  std::set<fs::path> files;
  if (fs::is_regular_file(input, ignored)) files.insert(input);
  for (fs::directory_iterator entry(input, ignored), end; entry != end; entry.increment(ignored))
    if (entry->is_regular_file(ignored)) files.insert(entry->path());
  nlohmann::json hashes = nlohmann::json::object();
  std::uint64_t left = kMostHashed;
  for (const fs::path& file : files) {
    const std::uint64_t size = fs::file_size(file, ignored);
    if (size > left || hashes.size() == kMostHashes) continue;
    left -= size;
    hashes[file.filename().string()] = sha256(file);
  }
  const std::lock_guard lock(mutex_);
  nlohmann::json& record = record_["inputs"][port];
  if (hashes.size() < files.size()) record["not_hashed"] = files.size() - hashes.size();
  record["sha256"] = std::move(hashes);
}

void RunRecord::save(const fs::path& run_dir) const {
  const std::lock_guard lock(mutex_);
  write_file_atomically(run_dir / "run.json", json_text(record_));
}

bool has_died(const nlohmann::json& record) {
  const auto state = record.find("state"), process = record.find("process");
  if (state == record.end() || *state != "running" || process == record.end()) return false;
  const auto owner = Owner::from(*process);
  return owner && life_of(*owner) == Life::dead;
}

void end_record(const fs::path& run_dir, const std::string& state, int exit_status) {
  nlohmann::json record;
  try {
    record = parse_json(read_file(run_dir / "run.json", kMostBytes));
  } catch (const std::exception&) {  // there is none: rank 0 did not come so far
    return;
  }
  if (!record.is_object()) return;
  record["state"] = state;
  record["exit_status"] = exit_status;
  record["ended"] = utc_text();
  write_file_atomically(run_dir / "run.json", json_text(record));
}

}  // namespace torchport::runtime
