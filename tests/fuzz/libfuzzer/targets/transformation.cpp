// The list of operations of a transformation directory. What is read is written, read again, and asked for sizes.
#include "datasets/transforms/transformation.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse([&] {
    const auto read = datasets::Transformation::parse(fuzz::text(data, size));
    const auto again = datasets::Transformation::parse(read.json());
    if (again.json() != read.json()) std::abort();
    read.fixed_size();
    read.size({24, 32});
  });
}
