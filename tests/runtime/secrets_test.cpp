#include "runtime/text/secrets.h"

#include "runtime/error/error.h"
#include "tests/support/catch.h"

using torchport::runtime::Error;
using torchport::runtime::without_secrets;

TEST_CASE("secrets: user, password and query of an address are taken out, its place stays", "[secrets]") {
  CHECK(without_secrets("https://u:p@w@host/a/b.pth") == "https://***@host/a/b.pth");
  CHECK(without_secrets("from https://user:pa/ss@host:80/x, then") == "from https://***@host:80/x, then");
  CHECK(without_secrets("'s3://bucket/k?X-Amz-Signature=abc&x=1'") == "'s3://bucket/k?***'");
  CHECK(without_secrets("--weights=https://h/x?sv=1&sig=a%2Bb#frag") == "--weights=https://h/x?***");
  CHECK(without_secrets("https://h/x#token=abc") == "https://h/x#***");
  CHECK(without_secrets("(http://a:b@c/d). http://e:f@g") == "(http://***@c/d). http://***@g");
  CHECK(without_secrets("http://u:p?w@h/x") == "http://***@h/x");
}

TEST_CASE("secrets: well-known names hide their values in an address without a scheme", "[secrets]") {
  CHECK(without_secrets("host/x?sig=abc&epoch=3") == "host/x?sig=***&epoch=3");
  CHECK(without_secrets("host/x?a=1&Access_Token=abc;X-Amz-Date=2") == "host/x?a=1&Access_Token=***;X-Amz-Date=***");
}

TEST_CASE("secrets: other texts stay as they are", "[secrets]") {
  for (const char* const text :
       {"", "=", "://", "loss=0.5 sig=abc", "/data/a@b?c", "https://download.pytorch.org/models/", "a:b@c"})
    CHECK(without_secrets(text) == text);
}

TEST_CASE("secrets: an error shows and hands on none", "[secrets]") {
  const Error error("CouldNotOpenFile.file", {{"path", "https://u:canary@h/x?sig=canary"}, {"reason", "no"}},
                    {{"one", "ftp://canary@h"}});
  CHECK(std::string(error.what()) == "'https://***@h/x?***' cannot be read: no");
  CHECK(error.encode().find("canary") == std::string::npos);
  CHECK(error.at("--set a.b=http://x:canary@y").render("t").find("canary") == std::string::npos);
}
