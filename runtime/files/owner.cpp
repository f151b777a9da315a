#include "runtime/files/owner.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "runtime/host_name.h"

namespace torchport::runtime {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

constexpr std::int64_t kEnded = -1;

/// When a process began, in ticks since the boot; 0 where that does not show, kEnded of one that only its parent has not heard of
/// yet. In /proc/PID/stat the state is the first field after the name, which is in brackets and may hold anything, and the time
/// the 20th.
std::int64_t start_of(std::int64_t process) {
  const std::string line = first_line("/proc/" + std::to_string(process) + "/stat");
  const auto name = line.rfind(')');
  if (name == std::string::npos) return 0;
  std::istringstream fields(line.substr(name + 1));
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") return kEnded;
  for (int i = 1; i < 20; ++i) fields >> field;
  std::int64_t start = 0;
  std::from_chars(field.data(), field.data() + field.size(), start);
  return start;
}

}  // namespace

Owner Owner::self() { return {host_name(), first_line("/proc/sys/kernel/random/boot_id"), getpid(), start_of(getpid())}; }

std::string Owner::text() const { return "process " + std::to_string(process) + " on " + host; }

nlohmann::json Owner::json() const { return {{"host", host}, {"boot", boot}, {"process", process}, {"start", start}}; }

std::optional<Owner> Owner::from(const nlohmann::json& json) {
  try {
    return Owner{json.at("host"), json.at("boot"), json.at("process"), json.at("start")};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

Life life_of(const Owner& owner) {
  const Owner self = Owner::self();
  if (owner.host != self.host) return Life::elsewhere;
  if (owner.boot != self.boot) return Life::dead;
  if (owner.process <= 0 || (kill(static_cast<pid_t>(owner.process), 0) != 0 && errno != EPERM)) return Life::dead;
  const std::int64_t start = start_of(owner.process);
  return start == 0 || start == owner.start ? Life::alive : Life::dead;  // 0: /proc does not show others' processes
}

}  // namespace torchport::runtime
