// model_spec.yaml of a model directory.
#include "models/directory/model_spec_reader.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse([&] { models::read_model_spec(fuzz::text(data, size), {"model", "/model"}); });
}
