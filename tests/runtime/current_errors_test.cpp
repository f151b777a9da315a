#include "runtime/error/current_errors.h"

#include <sys/resource.h>

#include <filesystem>
#include <new>
#include <system_error>

#include "runtime/files/files.h"
#include "runtime/files/output_directory.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport::runtime;

namespace {

template <class Exception>
Error meaning_of(const Exception& exception) {
  try {
    throw exception;
  } catch (...) {
    return current_errors().at(0);
  }
}

fs::filesystem_error refused(int number) {
  return {"cannot do it", "/some/file", std::error_code(number, std::generic_category())};
}

}  // namespace

TEST_CASE("current errors: what the system refuses is the machine's or the data's, by its number", "[errors]") {
  for (const int number : {ENOENT, EACCES, EIO, ENOTDIR, ELOOP, ESTALE}) {
    const Error error = meaning_of(refused(number));
    CHECK(error.exit_status() == 2);
    CHECK(std::string(error.what()) == std::string("'/some/file' cannot be read: ") + std::strerror(number));
  }
  for (const int number : {ENOSPC, EDQUOT, EROFS, EFBIG}) {
    const Error error = meaning_of(refused(number));
    CHECK(error.exit_status() == 11);
    CHECK(std::string(error.what()) == std::string("'/some/file' could not be written: ") + std::strerror(number));
  }
  const auto thread = meaning_of(std::system_error(EAGAIN, std::system_category()));
  CHECK(thread.exit_status() == 12);
  CHECK(std::string(thread.what()) == "the system has no room for a process or thread more: Resource temporarily unavailable");
  CHECK(std::string(meaning_of(refused(EMFILE)).what()) == "the system has no room for a file more: Too many open files");
  CHECK(meaning_of(refused(ENOMEM)).exit_status() == 12);
  CHECK(meaning_of(std::bad_alloc()).exit_status() == 12);
}

TEST_CASE("current errors: a file that nobody expected to be unreadable is named", "[errors]") {
  const torchport::test::TemporaryFolder folder;
  const auto error = [&](auto action) {
    try {
      action();
    } catch (...) {
      return std::string(current_errors().at(0).what());
    }
    return std::string("none");
  };
  const std::string absent = (folder / "absent").string();
  CHECK(error([&] { read_file(absent, 9); }) == "'" + absent + "' cannot be read: No such file or directory");
  CHECK(error([&] { FileWriter(folder / "new").copy(absent); }) == "'" + absent + "' cannot be read: No such file or directory");
  CHECK(error([&] { resolve_inside(folder.path(), "../x"); }) ==
        "'" + (folder / "../x").string() + "' cannot be read: a path with '..'");
}

TEST_CASE("current errors: where the library forgets the folder, the disk is still to blame", "[errors]") {
  const Error error = meaning_of(fs::filesystem_error("cannot increment", std::error_code(EIO, std::generic_category())));
  CHECK(error.exit_status() == 2);
  CHECK(std::string(error.what()) == "a folder of the inputs, outputs or records cannot be read: Input/output error");
}

TEST_CASE("current errors: a process that may open no more files says so, and blames no file", "[errors]") {
  const torchport::test::TemporaryFolder folder;
  FileWriter(folder / "there").finish();
  struct rlimit before {};
  getrlimit(RLIMIT_NOFILE, &before);
  const struct rlimit none { 0, before.rlim_max };
  const auto error = [&](auto action) {
    setrlimit(RLIMIT_NOFILE, &none);
    std::string text = "none";
    try {
      action();
    } catch (...) {
      text = current_errors().at(0).what();
    }
    setrlimit(RLIMIT_NOFILE, &before);
    return text;
  };
  const std::string said = "the system has no room for a file more: Too many open files";
  CHECK(error([&] { read_file(folder / "there", 9); }) == said);
  CHECK(error([&] { FileWriter(folder / "new"); }) == said);
  CHECK(error([&] { OutputDirectory(folder / "out"); }) == said);
}

TEST_CASE("current errors: a bug stays a bug", "[errors]") {
  CHECK(meaning_of(std::logic_error("x")).exit_status() == 70);
  CHECK(meaning_of(std::runtime_error("x")).exit_status() == 70);
  CHECK(meaning_of(std::system_error(EINVAL, std::generic_category())).exit_status() == 70);
}
