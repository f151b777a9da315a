#include "models/directory/label_map.h"

#include "tests/support/catch.h"

using torchport::models::label_map_csv;
using torchport::models::parse_label_map;

TEST_CASE("label map: names are quoted where pandas quotes them", "[formats]") {
  const std::vector<std::string> labels = {"circle", "a,b", "say \"hi\"", "two\nlines", "\xE7\x8C\xAB", " space ", "a\rb"};
  const auto csv = label_map_csv(labels);
  CHECK(csv == ",label\n0,circle\n1,\"a,b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,\xE7\x8C\xAB\n5, space \n6,\"a\rb\"\n");
  CHECK(parse_label_map(csv) == labels);
}

TEST_CASE("label map: line ends of Windows and a missing last one are accepted", "[formats]") {
  CHECK(parse_label_map(",label\r\n0,a\r\n1,\"b\"") == std::vector<std::string>{"a", "b"});
  CHECK(parse_label_map(",label").empty());
}

TEST_CASE("label map: what is not a list of labels in order is refused", "[formats]") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "row 0 does not have two columns"},
      {"label\n0\n", "row 0 does not have two columns"},
      {",name\n0,a\n", "its second column is not 'label'"},
      {",label\n0,a\n0,b\n", "row 2 has the index '0', not 1"},
      {",label\n1,a\n", "row 1 has the index '1', not 0"},
      {",label\n00,a\n", "row 1 has the index '00', not 0"},
      {",label\n0,a,b\n", "row 1 does not have two columns"},
      {",label\n0,\n", "the label of class 0 is empty"},
      {"\xEF\xBB\xBF,label\n0,a\n", "it begins with a byte order mark"},
      {",label\n0,a\n1,a\n", "the label 'a' is there twice"},
      {",label\n0,\"a\n", "a quoted field does not end"},
      {",label\n0,\"a\"b\n", "a character follows a field"},
      {",label\n0,a\"b\n", "a quote within a field that is not quoted"},
      {",label\n0,a\rb\n", "a character follows a field"},
      {",label\n0,\xFF\n", "it is not UTF-8"},
      {",label\n\n", "row 1 does not have two columns"},
  };
  for (const auto& [csv, reason] : cases) {
    INFO(csv);
    CHECK_THROWS_WITH(parse_label_map(csv), reason);
  }
}
