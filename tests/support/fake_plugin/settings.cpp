#include "tests/support/fake_plugin/settings.h"

#include <cstdlib>
#include <sstream>

namespace torchport::test::fake_plugin {

int rank() {
  const char* const said = std::getenv("OMPI_COMM_WORLD_RANK");
  return said != nullptr ? std::atoi(said) : 0;
}

std::string setting(const std::string& key, const std::string& otherwise) {
  const char* const all = std::getenv("TORCHPORT_FAKE_GPU");
  std::istringstream words(all != nullptr ? all : "");
  std::string of_all = otherwise;
  for (std::string word; words >> word;) {
    const auto end = word.find('=');
    if (word.substr(0, end) == key + "@" + std::to_string(rank())) return word.substr(end + 1);
    if (word.substr(0, end) == key) of_all = word.substr(end + 1);
  }
  return of_all;
}

int number(const std::string& key, int otherwise) { return std::stoi(setting(key, std::to_string(otherwise))); }

std::string& last_error() {
  static thread_local std::string reason;
  return reason;
}

}  // namespace torchport::test::fake_plugin
