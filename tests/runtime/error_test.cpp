#include "runtime/error/error.h"

#include "runtime/error/error_catalogue.h"
#include "runtime/text/text.h"
#include "tests/support/catch.h"

namespace torchport::runtime {

TEST_CASE("error: the block aligns its table and ends with the hint", "[error]") {
  const Error error("InvalidDataset.categories_differ", {},
                    {{"training dataset", "data/train   cat, dog, fox"}, {"only in validation", "Füchse"}, {"größe", "1"}});
  CHECK(error.render("train_pytorch_model") ==
        "error[InvalidDatasetError] train_pytorch_model: the categories of the two datasets differ\n"
        "  training dataset     data/train   cat, dog, fox\n"
        "  only in validation   Füchse\n"
        "  größe                1\n"
        "  hint                 Give both datasets the same category names with the same ids; Split Image Directory makes such a "
        "pair.\n");
  CHECK(error.id() == "InvalidDataset");
  CHECK(error.code() == 18);
  CHECK(error.exit_status() == 5);
  CHECK(std::string(error.what()) == "the categories of the two datasets differ");
}

TEST_CASE("error: a path that neither sentence nor table names gets a row", "[error]") {
  CHECK(Error("InvalidDataset.missing", {{"what", "training dataset"}, {"path", "data/t"}}).render("x") ==
        "error[InvalidDatasetError] x: the training dataset does not exist\n"
        "  path   data/t\n"
        "  hint   Give the path of an image directory.\n");
  CHECK(Error("AlreadyExists.output", {{"path", "out"}}).render("x") ==
        "error[AlreadyExistsError] x: the output 'out' exists and is not empty\n"
        "  hint   Give another path or empty the folder.\n");
}

TEST_CASE("error: a reason's exit status wins over that of its id", "[error]") {
  CHECK(Error("NaN.parameter", {{"flag", "f"}, {"value", "nan"}, {"range", "r"}, {"default", "d"}}).exit_status() == 2);
  CHECK(Error("NaN.training_loss", {{"value", "nan"}, {"step", "1"}, {"epoch", "1"}, {"lr", "1"}}).exit_status() == 10);
}

TEST_CASE("error: an unknown reason or a missing field is a bug of ours", "[error]") {
  CHECK_THROWS_WITH(Error("InvalidDataset.nonsense"), "spec/errors.yaml has no InvalidDataset.nonsense");
  CHECK_THROWS_WITH(Error("InvalidDataset"), "spec/errors.yaml has no InvalidDataset");
  CHECK_THROWS_WITH(Error("AlreadyExists.output"), "AlreadyExists.output: the field 'path' was not given");
  CHECK_THROWS_AS(Error("AlreadyExists.output"), std::logic_error);
}

TEST_CASE("error: braces in a value are not placeholders", "[error]") {
  CHECK(std::string(Error("AlreadyExists.output", {{"path", "{reason}"}}).what()) ==
        "the output '{reason}' exists and is not empty");
}

TEST_CASE("error: a value can neither forge a line nor steer a terminal", "[error]") {
  const Error error("AlreadyExists.output", {{"path", "a\nerror[X]\x1b[2J\xff \xc2\x9b"}}, {{"la\nbel", "va\rlue"}});
  CHECK(error.render("x") ==
        "error[AlreadyExistsError] x: the output 'a\\nerror[X]\\x1b[2J\\xff \\xc2\\x9b' exists and is not empty\n"
        "  la\\nbel   va\\x0dlue\n"
        "  hint      Give another path or empty the folder.\n");
}

TEST_CASE("error: what one rank encodes, another decodes to the same", "[error]") {
  const Error sent("InvalidDataset.missing", {{"what", "training \"dataset\""}, {"path", "d\xe4\n"}}, {{"a", "b"}, {"c", "ü"}});
  const Error received = Error::decode(sent.encode());
  CHECK(received.key() == sent.key());
  CHECK(received.path() == sent.path());
  CHECK(received.exit_status() == 5);
  CHECK(received.render("x") == sent.render("x"));
}

TEST_CASE("error: its place in a file stands above its path, however alike the two begin", "[error]") {
  const Error error = Error("InvalidDataset.missing", {{"what", "input"}, {"path", "flowers"}}).at("flowers.yaml:3:11");
  CHECK(error.render("x").find("\n  at     flowers.yaml:3:11\n  path   flowers\n") != std::string::npos);
}

TEST_CASE("error: an exception that no user can mend becomes a bug report with status 70", "[error]") {
  const Error bug = as_bug(std::logic_error("the request has no value 'x'"));
  CHECK(bug.exit_status() == 70);
  CHECK(bug.code() == 1000);
  CHECK(std::string(bug.what()) == "Library Error - std::logic_error: the request has no value 'x'");
}

TEST_CASE("problems: one is thrown as itself, more together", "[error]") {
  Problems problems;
  CHECK_NOTHROW(problems.throw_if_any());
  CHECK(problems.collect([] {}));
  CHECK_FALSE(problems.collect([] { throw Error("AlreadyExists.output", {{"path", "a"}}); }));
  CHECK_THROWS_AS(problems.throw_if_any(), Error);
  CHECK_FALSE(problems.collect([&] { throw Errors({problems.all().front(), problems.all().front()}); }));
  CHECK(problems.all().size() == 3);
  CHECK_THROWS_AS(problems.throw_if_any(), Errors);
  CHECK_THROWS_AS(problems.collect([] { throw std::logic_error("ours"); }), std::logic_error);
}

TEST_CASE("error catalogue: every exit status of an error has a meaning", "[error]") {
  const auto& statuses = error_catalogue().exit_statuses;
  const auto known = [&](int status) {
    return std::any_of(statuses.begin(), statuses.end(), [&](const auto& row) { return row.first == status; });
  };
  for (const ErrorEntry& entry : error_catalogue().entries) {
    for (const auto& [name, reason] : entry.reasons) {
      INFO(entry.id << "." << name);
      CHECK(known(reason.exit_status));
    }
  }
}

TEST_CASE("escape: control characters, quotes and broken UTF-8 become visible, good UTF-8 stays", "[error]") {
  CHECK(escape("plain ü 漢 😀") == "plain ü 漢 😀");
  CHECK(escape("a\"b\\c\nd\te\x7f") == "a\\\"b\\\\c\\nd\\x09e\\x7f");
  CHECK(escape(std::string_view("\0", 1)) == "\\x00");
  CHECK(escape("\xc3") == "\\xc3");                             // cut
  CHECK(escape("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
  CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(escape("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond Unicode
}

TEST_CASE("nearest: finds slips and beginnings, and nothing far-fetched", "[error]") {
  const std::vector<std::string> flags = {"epochs", "batch-size", "learning-rate", "patience"};
  CHECK(nearest("epoch", flags) == "epochs");
  CHECK(nearest("epcohs", flags) == "epochs");
  CHECK(nearest("batch", flags) == "batch-size");
  CHECK(nearest("lerning-rat", flags) == "learning-rate");
  CHECK(nearest("momentum", flags).empty());
  CHECK(nearest("", flags).empty());
  CHECK(nearest("epochs", {}).empty());
}

}  // namespace torchport::runtime
