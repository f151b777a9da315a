#include "runtime/equal_ranks.h"

#include "runtime/spec/spec.h"
#include "tests/support/catch.h"

using namespace torchport::runtime;

TEST_CASE("equal ranks: a hash is another for each bit that changes, each length and each seed", "[equal]") {
  std::set<std::uint64_t> seen;
  std::size_t hashes = 0;
  const auto add = [&](std::string_view bytes, std::uint64_t seed) {
    seen.insert(hash_of(bytes, seed));
    ++hashes;
  };
  for (const std::size_t size : {0, 1, 7, 31, 32, 33, 100}) {
    std::string bytes(size, '\0');
    for (std::uint64_t seed = 0; seed < 5; ++seed) add(bytes, seed);
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
      add(bytes, 0);
      bytes[bit / 8] ^= static_cast<char>(1 << bit % 8);
    }
  }
  CHECK(seen.size() == hashes);
  // Two changes that a plain product would let cancel: the signs of two numbers in the same lane.
  std::string signs(128, '\0');
  signs[7] = signs[39] = static_cast<char>(0x80);
  CHECK(hash_of(signs) != hash_of(std::string(128, '\0')));
}

TEST_CASE("equal ranks: a request's facts are its program, its component and what decides on the result", "[equal]") {
  Problems problems;
  const Request request = parse_request(Specs::get().component("train_pytorch_model"),
                                        {"--batch-size", "8", "--learning-rate", "0.1", "--run-dir", "here"}, problems);
  std::map<std::string, std::string> facts;
  for (const Fact& fact : facts_of(request)) facts[fact.what] = fact.value;
  CHECK(facts.at("the component") == "train_pytorch_model");
  CHECK(facts.at("--batch-size") == "8");
  CHECK(facts.at("--learning-rate") == "0.1");
  CHECK(facts.at("--random-seed") == "1");
  CHECK(facts.at("--precision") == "'float32'");
  CHECK(facts.count("the version of torchport") == 1);
  CHECK(facts.count("--run-dir") + facts.count("--train-data-path") == 0);
}
