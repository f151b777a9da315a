#include "runtime/text/json.h"

#include "runtime/text/json_rows.h"
#include "tests/support/catch.h"

namespace torchport::runtime {
namespace {

std::string fault_of(std::string_view text, const JsonLimits& limits = {}) {
  try {
    parse_json(text, limits);
    parse_ordered_json(text, limits);
  } catch (const JsonError& error) {
    return error.what();
  }
  return "none";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

/// Remembers what it is told.
struct Told : JsonRows {
  std::string text;
  bool section(const std::string& key, Kind kind) override {
    text += key + (kind == Kind::list ? "[" : kind == Kind::object ? "{" : "=") + " ";
    return key != "passed";
  }
  void row(const nlohmann::json& value) override { text += value.dump() + " "; }
};

std::string rows_of(std::string_view text, std::size_t piece, const JsonLimits& limits = {}) {
  Told told;
  const auto next = [&] {
    const std::string_view part = text.substr(0, piece);
    text.remove_prefix(part.size());
    return part;
  };
  try {
    return read_json_rows(next, told, limits) ? told.text : "no object";
  } catch (const JsonError& error) {
    return told.text + "| " + error.what();
  }
}

}  // namespace

TEST_CASE("json: values are those of the text", "[json]") {
  for (const char* text : {R"({"a":[1,-2,2.5,"ä\n",true,null,[],{}],"b":{"c":18446744073709551615}})", "[]", "7", "\"x\""}) {
    CHECK(parse_json(text) == nlohmann::json::parse(text));
    CHECK(parse_ordered_json(text, {}).dump() == nlohmann::ordered_json::parse(text).dump());
  }
  CHECK(whole_number(parse_json("-9223372036854775808")) == INT64_MIN);
  CHECK_FALSE(whole_number(parse_json("9223372036854775808")));
  CHECK_FALSE(whole_number(parse_json("1.0")));
}

TEST_CASE("json: what is wrong is said with its place", "[json]") {
  const auto [text, fault] = GENERATE(table<std::string, std::string>({
      {"", "it is not valid JSON (column 1: the text ends too early)"},
      {"{\"a\": [1, 2", "it is not valid JSON (column 12: the text ends too early)"},
      {"{\"a\": \"b", "it is not valid JSON (column 9: the text ends too early)"},
      {"{\n\"a\": 1,\n}", "it is not valid JSON (line 3, column 1: a comma with nothing after it)"},
      {"[1, ]", "it is not valid JSON (column 5: a comma with nothing after it)"},
      {"[NaN]", "it is not valid JSON (column 2: NaN and Infinity are not JSON)"},
      {"[-Infinity]", "it is not valid JSON (column 3: NaN and Infinity are not JSON)"},
      {"{'a': 1}", "it is not valid JSON (column 2: texts stand in double quotes)"},
      {"[1] // a", "it is not valid JSON (column 5: comments are not JSON)"},
      {"[\"\xFF\"]", "it is not valid JSON (column 3: a text that is not UTF-8)"},
      {"[1e999]", "it is not valid JSON (a number that is too large)"},
      {"{} {}", "it is not valid JSON (column 4: unexpected '{'; expected end of input)"},
      {"{\"a\": 1, \"b\": 2, \"a\": 3}", "it has the key 'a' twice"},
      {"\xEF\xBB\xBF[]", "it begins with a byte order mark"},
      {std::string("[\0]\0", 4), "it is UTF-16, not UTF-8"},
      {std::string("{} \0", 4), "it has a zero byte"},
      {std::string("\xFF\xFE[\0]\0", 6), "it is UTF-16, not UTF-8"},
  }));
  INFO(text);
  CHECK(fault_of(text) == fault);
}

TEST_CASE("json: depth and number of values are bounded while the text is read", "[json]") {
  CHECK(fault_of(repeated("[", 64) + repeated("]", 64)) == "none");
  CHECK(fault_of(repeated("[", 30'000'000)) == "it is nested deeper than 64 levels");
  CHECK(fault_of(repeated("{\"a\":", 100'000)) == "it is nested deeper than 64 levels");
  CHECK(fault_of("[" + repeated("{},", 9) + "{}]", {64, 10}) == "it holds more than 10 values");
  CHECK(fault_of("[" + repeated("0,", 8) + "0]", {64, 10}) == "none");
  CHECK(fault_of("[" + repeated("0,", 5'000'000)) == "it holds more than 1000000 values");
}

TEST_CASE("json rows: the wanted rows come one by one, whatever the pieces", "[json]") {
  const std::string text =
      "\xEF\xBB\xBF {\"n\": NaN, \"rows\": [{\"a\": [-Infinity, Infinity, NaN, -1]}, 5, \"NaN \\\" Infinity\"],"
      " \"passed\": [{\"a\": [[1]]}], \"o\": {\"x\": [1]}}";
  const std::string told = "n= rows[ {\"a\":[null,null,null,-1]} 5 \"NaN \\\" Infinity\" passed[ o{ ";
  for (const std::size_t piece : {3, 7, 1000}) CHECK(rows_of(text, piece) == told);  // a file begins with a whole mark
  CHECK(rows_of("[{\"rows\": []}]", 100) == "no object");
  CHECK(rows_of(text + '\0', 100) == told + "| it has a zero byte");
  CHECK(rows_of("5", 100) == "no object");
}

TEST_CASE("json rows: faults are told after the rows before them", "[json]") {
  CHECK(rows_of("{\"a\": [1, 2", 100) == "a[ 1 2 | it is not valid JSON (column 12: the text ends too early)");
  CHECK(rows_of("{\"a\": [Nan]}", 100).starts_with("a[ | it is not valid JSON (column "));
  CHECK(rows_of("{\"a\": [], \"a\": []}", 100) == "a[ | it has the key 'a' twice");
  CHECK(rows_of("{\"passed\": " + repeated("[", 100'000), 1000) == "passed[ | it is nested deeper than 64 levels");
  CHECK(rows_of("{\"a\": [[" + repeated("0,", 20), 1000, {64, 10}) == "a[ | it holds more than 10 values");
  CHECK(rows_of("{\"a\": [" + repeated("[0, 0],", 20) + "1]}", 1000, {64, 10}).ends_with(" 1 "));
}

}  // namespace torchport::runtime
