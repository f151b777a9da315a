#include "runtime/run_record.h"

#include <openssl/evp.h>

#include <fstream>

#include "runtime/files.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

nlohmann::json given(const std::map<std::string, Given, std::less<>>& values) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [name, one] : values)
    all[name] = {{"value", std::visit([](const auto& value) { return nlohmann::json(value); }, one.value)}, {"origin", one.origin}};
  return all;
}

nlohmann::json paths(const std::map<std::string, fs::path, std::less<>>& ports) {
  nlohmann::json all = nlohmann::json::object();
  for (const auto& [name, path] : ports) all[name] = {{"path", path.string()}};
  return all;
}

/// In hexadecimal. Read in pieces: weights may be larger than the memory that is left. "" where the file cannot be read.
std::string sha256(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  if (!file || !context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) return "";
  std::vector<char> piece(1 << 20);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    EVP_DigestUpdate(context.get(), piece.data(), static_cast<std::size_t>(file.gcount()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (file.bad() || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1) return "";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

}  // namespace

RunRecord::RunRecord(const Request& request, int world_size) {
  std::vector<std::string> command{"torchport", "run", request.component->name};
  command.insert(command.end(), request.arguments.begin(), request.arguments.end());
  record_ = {{"component", request.component->name},
             {"command", command},
             {"parameters", given(request.parameters)},
             {"run_settings", given(request.run_settings)},
             {"inputs", paths(request.inputs)},
             {"outputs", paths(request.outputs)},
             {"world_size", world_size}};
  set_version("torchport", version());
  if (!commit().empty()) set_version("commit", commit());
}

void RunRecord::hash_input(const std::string& port, const fs::path& directory) {
  nlohmann::json hashes = nlohmann::json::object();
  std::error_code ignored;
  if (fs::is_regular_file(directory, ignored)) hashes[directory.filename().string()] = sha256(directory);
  for (fs::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored))
    if (entry->is_regular_file(ignored)) hashes[entry->path().filename().string()] = sha256(entry->path());
  record_["inputs"][port]["sha256"] = hashes;
}

void RunRecord::save(const fs::path& run_dir) const {
  write_file_atomically(run_dir / "run.json", record_.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace torchport::runtime
