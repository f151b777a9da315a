#include "runtime/cli/arguments.h"

#include "tests/support/catch.h"

using namespace torchport::runtime;

namespace {

constexpr const char* kShared = R"yaml(
shared_options:
  set: {type: string, flag: set, value: TARGET=VALUE, repeated: true, optional: true, unit: none, title: Setting, help: A value.}
)yaml";
constexpr const char* kSpec = R"yaml(
name: draw-it
usage:
  FILE -o PICTURE: {group: Pictures, summary: Draws it.}
description: Draws a file.
example: torchport draw-it a -o b
options:
  output: {type: string, flag: output, letter: o, value: PICTURE, unit: none, title: Picture, help: Where it goes.}
  dots_per_inch: {type: integer, flag: dots-per-inch, range: "[1, )", default: 72, unit: dots per inch, title: Resolution, help: How fine.}
  grey: {type: boolean, flag: grey, default: "False", unit: none, title: Grey, help: Without colours.}
shared_options: [set]
)yaml";

CommandSpec spec() { return read_command_spec("draw_it", kSpec, kShared); }

Arguments read(const std::vector<std::string>& words) {
  Problems problems;
  Arguments found = parse_arguments(spec(), words, problems);
  problems.throw_if_any();
  return found;
}

/// The sentences of all faults.
std::vector<std::string> faults(const std::vector<std::string>& words) {
  Problems problems;
  parse_arguments(spec(), words, problems);
  std::vector<std::string> texts;
  for (const Error& error : problems.all()) texts.push_back(error.what());
  return texts;
}

std::string spec_fault(const std::string& from, const std::string& to) {
  std::string text = kSpec;
  REQUIRE(text.find(from) != text.npos);
  text.replace(text.find(from), from.size(), to);
  try {
    read_command_spec("draw_it", text, kShared);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("arguments: values follow or are joined, a letter is its option, a switch takes no word, and the default fills in") {
  const Arguments given = read({"--grey", "a", "-o", "b", "--set", "x=1", "--set=y=2"});
  CHECK(given.operands == std::vector<std::string>{"a"});
  CHECK(given.get<std::string>("output") == "b");
  CHECK(given.get<bool>("grey"));
  CHECK(given.get<std::int64_t>("dots_per_inch") == 72);
  CHECK(given.all("set") == std::vector<std::string>{"x=1", "y=2"});
  CHECK_FALSE(read({"a", "--output=b"}).get<bool>("grey"));
  CHECK_FALSE(read({"a", "--output=b"}).has("set"));
  CHECK_FALSE(read({"a", "-o=b", "--grey=False"}).get<bool>("grey"));
  CHECK(read({"a", "-o", "-3"}).get<std::string>("output") == "-3");
  CHECK_THROWS_AS(given.get<double>("dots_per_inch"), std::logic_error);
  CHECK_THROWS_AS(given.get<bool>("set"), std::logic_error);
  CHECK_THROWS_AS(read({"a", "-o", "b"}).get<std::string>("set"), std::logic_error);
}

TEST_CASE("arguments: all faults are told at once, those of operands first") {
  CHECK(faults({"--dots-per-inch", "0", "--gray", "--grey=1", "--output"}) ==
        std::vector<std::string>{"draw-it needs a FILE", "--dots-per-inch is 0, but must be at least 1",
                                 "torchport draw-it has no option --gray", "--grey is '1', which is neither True nor False",
                                 "--output has no value"});
  CHECK(faults({"a", "b", "-o", "c"}) == std::vector<std::string>{"unexpected argument 'b'"});
  CHECK(faults({"a", "-o", "c", "--colour", "red"}) == std::vector<std::string>{"torchport draw-it has no option --colour"});
  CHECK(faults({"a", "-o", "b", "--output=c", "--grey", "--grey"}) ==
        std::vector<std::string>{"--output is given twice", "--grey is given twice"});
  CHECK(faults({"a"}) == std::vector<std::string>{"--output is missing or empty (Picture)"});
  CHECK(faults({"a", "--output="}) == std::vector<std::string>{"--output is missing or empty (Picture)"});
  CHECK(faults({"a", "-o", "--grey"}) == std::vector<std::string>{"--output has no value"});
}

TEST_CASE("command specs: what the program could not rely on is refused, naming file and line") {
  const std::string file = "spec/commands/draw_it.yaml: line ";
  CHECK(spec_fault("name: draw-it", "name: draw") == file + "2: the name 'draw' is not that of the file");
  CHECK(spec_fault("letter: o", "letter: o, colour: red") == file + "8: unknown key 'colour' in 'output'");
  CHECK(spec_fault("flag: grey", "flag: output") == file + "2: the flag --output or its letter is there twice");
  CHECK(spec_fault("  grey:", "  set:") == file + "2: the name 'set' is there twice");
  CHECK(spec_fault("[set]", "[sett]") == file + "11: there is no shared option 'sett'");
  CHECK(spec_fault("default: 72", "default: 0") ==
        file + "9: the default does not fit: --dots-per-inch is 0, but must be at least 1");
  CHECK(spec_fault("letter: o", "repeated: true") == file + "8: 'output' is repeated, but not optional");
}

TEST_CASE("command specs: each that is compiled in can be read") {
  const std::vector<CommandSpec> all = command_specs();
  REQUIRE(all.size() >= 9);
  CHECK(all.front().name == "check-data");
  CHECK_THROWS_AS(command_spec("nothing"), std::logic_error);
}
