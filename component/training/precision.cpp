#include "component/training/precision.h"

#include <cstdint>

namespace torchport::component {

std::string name_of(Precision precision) { return precision == Precision::bfloat16 ? "bfloat16" : "float32"; }

Precision decide_precision(const std::string& choice, std::string_view why_slow, runtime::Collective& collective,
                           runtime::Log& log) {
  std::int64_t fast_everywhere = why_slow.empty() ? 1 : 0;
  collective.all_reduce(&fast_everywhere, 1, runtime::DataType::int64, runtime::Reduction::min);
  if (choice == "bfloat16" && fast_everywhere == 0) {
    log.warning("bfloat16 is slower than float32 on " +
                (why_slow.empty() ? "the CPU of another process." : "this CPU: " + std::string(why_slow) + "."));
  }
  const bool bfloat16 = choice == "bfloat16" || (choice == "auto" && fast_everywhere == 1);
  const Precision precision = bfloat16 ? Precision::bfloat16 : Precision::float32;
  log.info("Precision: " + name_of(precision) + (choice == "auto" ? ", chosen by what the CPUs can do." : "."));
  return precision;
}

}  // namespace torchport::component
