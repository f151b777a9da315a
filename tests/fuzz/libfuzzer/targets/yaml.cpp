// YAML under strict rules.
#include "runtime/text/yaml.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse([&] { runtime::parse_yaml(fuzz::text(data, size)); });
}
