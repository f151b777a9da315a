#include "runtime/launch/hosts.h"

#include "runtime/files/files.h"
#include "runtime/spec/spec_map.h"

namespace torchport::runtime {
namespace {

/// What mpirun's --host takes as a name: a comma or colon would part it, a dash would make a flag of it.
bool is_host(const std::string& name) {
  const auto legal = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; };
  return !name.empty() && name.size() < 256 && name[0] != '-' && std::all_of(name.begin(), name.end(), legal);
}

/// "alpha slots=8", with a comment behind #; nothing of an empty line.
std::optional<HostOfCompute> read_line(std::string line, const std::string& place) {
  std::istringstream words(line.substr(0, line.find('#')));
  HostOfCompute host;
  if (!(words >> host.name)) return std::nullopt;
  const auto refuse = [&](const std::string& reason) {
    throw Error(Error("FileParsingFailed.hosts", {{"reason", reason}}).at(place));
  };
  if (!is_host(host.name)) refuse("'" + host.name + "' is not the name of a host");
  for (std::string word; words >> word;) {
    const bool slots = word.starts_with("slots=");
    if (!slots && !word.starts_with("max_slots=") && !word.starts_with("max-slots="))
      refuse("'" + word + "' is not slots=N or max_slots=N");
    const auto number = decimal_integer(word.substr(word.find('=') + 1));
    if (!number || *number < 1) refuse("'" + word + "' has no number of slots");
    host.slots = std::min(host.slots.value_or(*number), *number);
  }
  return host;
}

std::vector<HostOfCompute> read_hostfile(const std::filesystem::path& path) {
  std::string text;
  try {
    text = read_file(path, kSmallText);
  } catch (const std::runtime_error& error) {
    throw Error("CouldNotOpenFile.file", {{"path", path.string()}, {"reason", error.what()}});
  }
  std::vector<HostOfCompute> hosts;
  Problems problems;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    problems.collect([&] {
      if (auto host = read_line(line, path.string() + ":" + std::to_string(number))) hosts.push_back(std::move(*host));
    });
  }
  problems.throw_if_any();
  if (hosts.empty()) throw Error("FileParsingFailed.hosts", {{"reason", "there is no host"}}).at(path.string());
  return hosts;
}

}  // namespace

std::vector<HostOfCompute> hosts_of(const Compute& compute) {
  const auto fault = [&](const char* setting, const std::string& reason) {
    return Error("ParameterParsing.compute_setting", {{"compute", compute.name}, {"setting", setting}, {"reason", reason}});
  };
  const std::string file = compute.text("hostfile");
  const std::vector<std::string>& names = compute.list("hosts");
  if (!file.empty() && !names.empty()) throw fault("hosts and hostfile", "give one of them");
  if (!file.empty()) return read_hostfile(compute.folder / file);
  std::vector<HostOfCompute> hosts;
  std::set<std::string> seen;
  for (const std::string& name : names) {
    if (!is_host(name)) throw fault("hosts", "'" + name + "' is not the name of a host");
    if (!seen.insert(name).second) throw fault("hosts", "'" + name + "' is there twice");
    hosts.push_back({name, std::nullopt});
  }
  return hosts;
}

}  // namespace torchport::runtime
