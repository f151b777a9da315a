#include "runtime/text/yaml.h"

#include "tests/support/catch.h"

namespace torchport::runtime {
namespace {

std::string fault_of(std::string_view text) {
  try {
    parse_yaml(text);
  } catch (const YamlError& error) {
    return error.what();
  }
  return "none";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("yaml: what the original writes is read", "[yaml]") {
  const YAML::Node root = parse_yaml("type: ImageDirectory\nextension: {}\nlist:\n- a\n- \"b\"\nnothing:\n");
  CHECK(root["type"].Scalar() == "ImageDirectory");
  CHECK(root["extension"].IsMap());
  CHECK(root["list"][1].Scalar() == "b");
  CHECK(root["nothing"].IsNull());
  CHECK(parse_yaml("\"a \\\" b\": 'it''s'\nb: |\n  \"%\n  %\n")["a \" b"].Scalar() == "it's");
  CHECK(fault_of("--- # a document may be marked\na: 1\n...\n") == "none");
}

TEST_CASE("yaml: what could mean two things is refused, with its place", "[yaml]") {
  const auto [text, fault] = GENERATE(table<std::string, std::string>({
      {"a: 1\nb: 2\na: 3\n", "line 3, column 1: the key 'a' is given twice"},
      {"a: {b: 1, \"b\": 2}", "line 1, column 11: the key 'b' is given twice"},
      {"a: &x 1", "line 1, column 4: anchors are not allowed (&x)"},
      {"a: &a [*a]", "line 1, column 4: anchors are not allowed (&a)"},
      {"a: &a {<<: *a}", "line 1, column 4: anchors are not allowed (&a)"},
      {"a: !!python/object:os.system x", "line 1, column 4: tags are not allowed (tag:yaml.org,2002:python/object:os.system)"},
      {"a: !own [1]", "line 1, column 4: tags are not allowed (!own)"},
      {"!!map {a: 1}", "line 1, column 1: tags are not allowed (tag:yaml.org,2002:map)"},
      {"a: 1\n---\nb: 2\n", "holds more than one document"},
      {"[1, 2]: 3", "line 1, column 1: a key must be a plain text"},
      {"{a: 1}: 3", "line 1, column 1: a key must be a plain text"},
      {": 3", "line 1, column 1: a key is empty"},
      {"\xEF\xBB\xBF"
       "a: 1",
       "line 1, column 1: begins with a byte order mark"},
      {"\xFF\xFE"
       "a",
       "line 1, column 1: is UTF-16, not UTF-8"},
      {std::string("a: 1\nb: \0\n", 10), "line 2: holds a NUL byte"},
      {"a: \xFF\n", "is not UTF-8"},
      {"", "holds no document"},
      {"# only a comment\n", "holds no document"},
      {"a: [1, 2\n", "line 2, column 1: end of sequence flow not found"},
      {"a: b: c", "line 1, column 5: a second ': ', where none belongs; a text with ': ' in it stands in quotes"},
      {"a: 1\nb:\n\tc: 2\n", "line 3, column 3: a tab before the line's first character, where only spaces may be"},
      {"a:\n  b: 1\n\tc: 2\n", "line 3, column 1: a tab before the line's first character, where only spaces may be"},
      {"a: \"b\n", "line 1, column 4: a quote that is never closed"},
      {"a: 'b\n", "line 1, column 4: a quote that is never closed"},
      {"a: \"b\\\"\n", "line 1, column 4: a quote that is never closed"},
      {"a: [1, \"b]\n", "line 1, column 8: a quote that is never closed"},
      {"ä: 1\n\"b: 2\n", "line 2, column 1: a quote that is never closed"},
      {"a: 1\n%\n", "line 2, column 1: directives (%) are not allowed"},
      {"%YAML 1.2\n---\na: 1\n", "line 1, column 1: directives (%) are not allowed"},
      {std::string("a\0:\0", 4), "line 1, column 1: is UTF-16, not UTF-8"},
      {"a: *nowhere", "line 1, column 4: the referenced anchor is not defined"},
  }));
  INFO(text);
  CHECK(fault_of(text) == fault);
}

TEST_CASE("yaml: deep nesting and great size are refused before they cost anything", "[yaml]") {
  CHECK(fault_of(repeated("[", 65) + repeated("]", 65)) == "line 1, column 65: nested deeper than 64 levels");
  CHECK(fault_of(repeated("{a: ", 65) + repeated("}", 65)) == "line 1, column 257: nested deeper than 64 levels");
  CHECK(fault_of(repeated("[", 100000)) != "none");
  CHECK(fault_of(repeated("{a: ", 100000)) != "none");
  CHECK(fault_of(repeated("? ", 100000)) != "none");
  CHECK(fault_of(repeated("- ", 200000)) == "line 1, column 129: nested deeper than 64 levels");
  CHECK(fault_of(repeated("[", 64) + repeated("]", 64)) == "none");
  CHECK(fault_of("a: " + std::string(std::size_t{1} << 20, 'x')) == "larger than 1 MiB");
  std::string blocks;
  for (int i = 0; i < 200; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "k:\n";
  CHECK(fault_of(blocks) == "line 65, column 65: nested deeper than 64 levels");
}

}  // namespace torchport::runtime
