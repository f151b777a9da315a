// CSV as index_to_label.csv has it. What is read and written again must be the same labels.
#include "models/directory/label_map.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse([&] {
    const auto labels = models::parse_label_map(fuzz::text(data, size));
    if (models::parse_label_map(models::label_map_csv(labels)) != labels) std::abort();
  });
}
