// JSON under limits: what programs hand to each other, and files of many rows. The first byte chooses.
#include "runtime/text/json.h"

#include "runtime/text/json_rows.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

namespace {

class Rows : public runtime::JsonRows {
 public:
  bool section(const std::string& key, Kind kind) override { return kind == Kind::list && key != "info"; }
  void row(const nlohmann::json& value) override { size_ += value.size(); }

 private:
  std::size_t size_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = fuzz::text(data + 1, size - 1);
  const runtime::JsonLimits limits{16, 2000};
  if (data[0] & 1) {
    return fuzz::read_or_refuse([&] {
      const auto value = runtime::parse_json(text, limits);
      if (runtime::parse_json(value.dump(), limits) != value) std::abort();  // what is read can be written, and is the same
    });
  }
  return fuzz::read_or_refuse([&] {
    Rows rows;
    std::string_view rest = text;  // in pieces of every size from 1 on
    std::size_t piece = 0;
    runtime::read_json_rows(
        [&] {
          const auto next = rest.substr(0, ++piece);
          rest.remove_prefix(next.size());
          return next;
        },
        rows, limits);
  });
}
