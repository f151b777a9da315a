// A request of `torchport serve`, up to the bytes of its images, and its answer.
#include <nlohmann/json.hpp>

#include "component/serving/question.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kRows = 8;
  static const component::AnswerWriter writer({"cat", "d\"g"}, /*plain=*/true);
  return fuzz::read_or_refuse([&] {
    const auto question = component::read_question(fuzz::text(data, size), kRows);
    if (question.rows.empty() || question.rows.size() > kRows) std::abort();
    const std::vector<float> probabilities(2 * question.rows.size(), 0.5F);
    const auto answer = nlohmann::json::parse(writer.write(question, probabilities));
    if (question.of_endpoint ? answer.at("Results").size() != question.tables.size()
                             : answer.at("result").size() != question.rows.size())
      std::abort();
    for (const auto& row : question.rows) {
      if (component::image_bytes(row).size() > row.image.size()) std::abort();
    }
  });
}
