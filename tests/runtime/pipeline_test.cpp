#include "runtime/pipeline/pipeline.h"

#include <utime.h>

#include "runtime/cli/options.h"
#include "runtime/files/files.h"
#include "runtime/files/sha256.h"
#include "runtime/pipeline/content.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport::runtime;
using torchport::test::TemporaryFolder;

TEST_CASE("wires: a trained model fits an untrained port, an untrained one no trained port, and anything AnyPath") {
  const auto type = [](const char* name) { return Specs::get().type(name); };
  CHECK(fits(type("ModelDirectory"), type("UntrainedModelDirectory")));
  CHECK_FALSE(fits(type("UntrainedModelDirectory"), type("ModelDirectory")));
  CHECK_FALSE(fits(type("ImageDirectory"), type("ModelDirectory")));
  CHECK_FALSE(fits(type("AnyPath"), type("ImageDirectory")));
  for (const char* const any : {"ImageDirectory", "ModelDirectory", "AnyPath"}) {
    CHECK(fits(type(any), type("AnyPath")));
    CHECK(fits(type(any), type(any)));
  }
}

TEST_CASE("setting on the command line: a setting is split at its first dot and its first equal sign") {
  const Setting setting = parse_setting("a.b=c.d=e");
  CHECK((setting.step == "a" && setting.name == "b" && setting.value == "c.d=e"));
  CHECK(parse_setting("a.b=").value.empty());
  for (const char* const bad : {"", "a", "a=b", "a.=b", ".a=b", "a=b.c"}) CHECK_THROWS_AS(parse_setting(bad), Error);
}

TEST_CASE("options: values are joined or follow, and the last of several counts") {
  const Options options = parse_options("run", {"--a=1", "x", "--a", "2", "--s"}, {"--a"}, {"--s"});
  CHECK(options.operands == std::vector<std::string>{"x"});
  CHECK(options.all("--a") == std::vector<std::string>{"1", "2"});
  CHECK(options.last("--a", "0") == "2");
  CHECK(options.last("--b", "0") == "0");
  CHECK(options.has("--s"));
  CHECK_THROWS_AS(parse_options("run", {"--a"}, {"--a"}), Error);
  CHECK_THROWS_AS(parse_options("run", {"--s=1"}, {"--a"}, {"--s"}), Error);
}

TEST_CASE("content: the hash is of names and contents, wherever the folder lies and whenever it was written") {
  const TemporaryFolder folder;
  for (const char* const name : {"a", "b", "other_name", "other_text"}) {
    fs::create_directories(folder / name / "in");
    write_file_atomically(folder / name / "in" / (name == std::string("other_name") ? "y" : "x"),
                          name == std::string("other_text") ? "2" : "1");
  }
  CHECK(content_of(folder / "a") == content_of(folder / "b"));
  CHECK(content_of(folder / "a") != content_of(folder / "other_name"));
  CHECK(content_of(folder / "a") != content_of(folder / "other_text"));
  CHECK_THROWS_AS(content_of(folder / "none"), Error);
}

TEST_CASE("content: a look from outside changes with a file's time and name, and says whether it may be trusted") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "x", "1");
  const Look fresh = look_at(folder.path());
  CHECK_FALSE(fresh.settled);
  CHECK(look_at(folder.path()).fingerprint == fresh.fingerprint);
  const utimbuf long_ago{1000, 1000};
  for (const fs::path& path : {folder / "x", folder.path()}) REQUIRE(utime(path.c_str(), &long_ago) == 0);
  const Look older = look_at(folder.path());
  CHECK(older.settled);
  CHECK(older.fingerprint != fresh.fingerprint);
  fs::rename(folder / "x", folder / "y");
  CHECK(look_at(folder.path()).fingerprint != older.fingerprint);
  CHECK(look_at(folder / "none").fingerprint.empty());
}

TEST_CASE("SHA-256 of a text is that of FIPS 180-2") {
  CHECK(sha256_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
