// A component's spec, as --spec-dir adds one.
#include "runtime/spec/spec.h"
#include "runtime/spec/embedded.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // One component beside the new one, so that an input costs little; types and run settings as they are.
  static const auto own = [] {
    std::map<std::string, std::string> files;
    for (const auto& [path, content] : runtime::embedded_specs()) {
      if (!path.starts_with("components/") || path == "components/densenet.yaml")
        files.emplace("spec/" + std::string(path), content);
    }
    return files;
  }();
  auto files = own;
  files.emplace("spec/components/fuzzed.yaml", fuzz::text(data, size));
  return fuzz::read_or_refuse([&] { runtime::Specs::parse(files); });
}
