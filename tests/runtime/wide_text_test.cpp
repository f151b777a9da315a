#include "runtime/text/wide_text.h"

#include "runtime/text/language.h"
#include "runtime/text/text.h"
#include "tests/support/catch.h"

using namespace torchport::runtime;
using Lines = std::vector<std::string>;

TEST_CASE("wrap: at spaces, which are one where there are several; a longer word stands alone", "[wide_text]") {
  CHECK(wrap("a bb  ccc", 4) == Lines{"a bb", "ccc"});
  CHECK(wrap("longer-than-that a b", 3) == Lines{"longer-than-that", "a b"});
  CHECK(wrap("  ", 3).empty());
}

TEST_CASE("wrap: a character of Chinese, Japanese or Korean takes two columns, a letter with an accent one", "[wide_text]") {
  CHECK(columns_of("aé→…") == 4);
  CHECK(columns_of("日本a、한글（ア") == 15);
  CHECK(columns_of("\xff\xe6") == 2);  // broken: two bytes
}

TEST_CASE("wrap: Japanese is broken between its characters, but not before a full stop or after an opening bracket",
          "[wide_text]") {
  CHECK(wrap("画像を変換します", 8) == Lines{"画像を変", "換します"});
  CHECK(wrap("画像を変換。次", 10) == Lines{"画像を変", "換。次"});
  CHECK(wrap("画像「変換」", 6) == Lines{"画像", "「変", "換」"});
  CHECK(wrap("既定値は 16 です", 9) == Lines{"既定値は", "16 です"});
  CHECK(wrap("値は--name VALUEと", 8) == Lines{"値は", "--name", "VALUEと"});
  for (const std::string& line : wrap("エポックの数、バッチの数、(括弧) と「かぎ」。", 7)) {
    CHECK_FALSE(line.starts_with("、"));
    CHECK_FALSE(line.starts_with("。"));
    CHECK_FALSE(line.starts_with("ッ"));
    CHECK_FALSE(line.ends_with("「"));
  }
}

TEST_CASE("language: what it lacks stays English, and the parts of a text come in its own order", "[wide_text]") {
  const Language other("xx", "a {0} of {1} = {1} no {0}\nno pair\n");
  CHECK(other("a {0} of {1}", {"one", "{0}"}) == "{0} no one");
  CHECK(other("no pair") == "no pair");
  CHECK_FALSE(other.english());
  CHECK(Language()("a {0}", {"b"}) == "a b");
}
