#include "runtime/control.h"

#include "tests/support/catch.h"

using torchport::runtime::Error;
using torchport::runtime::Errors;
using torchport::runtime::WorldOfOne;

TEST_CASE("control: in a world of one, everything is its own", "[control]") {
  WorldOfOne world;
  CHECK(world.rank() == 0);
  CHECK(world.size() == 1);
  std::array<double, 2> values{1.5, 2.5};
  world.sum(values);
  world.barrier();
  CHECK(values == std::array<double, 2>{1.5, 2.5});
  CHECK(world.least(7) == 7);
  CHECK(world.broadcast_text("text", 0) == "text");
  CHECK(world.broadcast_text("", 0).empty());
}

TEST_CASE("control: agreeing throws what was handed in, whole", "[control]") {
  WorldOfOne world;
  world.agree(std::nullopt);
  CHECK(world.first_failing_rank() == -1);
  const Error mine("AlreadyExists.output", {{"path", "a \"b\"\n"}}, {{"label", "value"}});
  try {
    world.agree(mine);
    FAIL("agree did not throw");
  } catch (const Error& error) {
    CHECK(error.render("x") == mine.render("x"));
    CHECK(error.path() == mine.path());
    CHECK(error.exit_status() == 2);
  }
  CHECK(world.first_failing_rank() == 0);
}

TEST_CASE("control: a phase with several faults throws all of them, and foreign exceptions pass", "[control]") {
  WorldOfOne world;
  world.agree_on([] {});
  const std::vector<Error> faults = {Error("AlreadyExists.output", {{"path", "a"}}),
                                     Error("AlreadyExists.output", {{"path", "b"}})};
  try {
    world.agree_on([&] { throw Errors(faults); });
    FAIL("agree_on did not throw");
  } catch (const Errors& errors) {
    REQUIRE(errors.all().size() == 2);
    CHECK(std::string(errors.all()[0].what()) == "the output 'a' exists and is not empty");
    CHECK(std::string(errors.all()[1].what()) == "the output 'b' exists and is not empty");
  }
  CHECK_THROWS_AS(world.agree_on([] { throw std::logic_error("a bug"); }), std::logic_error);
}
