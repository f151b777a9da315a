#include "runtime/files/copy.h"

#include <fstream>

#include "runtime/files/files.h"
#include "runtime/files/stamp.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
using torchport::test::TemporaryFolder;
namespace fs = std::filesystem;

TEST_CASE("files: a copy is the input's own file only where that is asked for, and of nothing but a file", "[files]") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "in", "before");
  fs::create_symlink("in", folder / "link");
  CopyCounts counts;
  counts.add(copy_file(folder / "in", folder / "same", Sharing::inode));
  counts.add(copy_file(folder / "link", folder / "through", Sharing::inode));
  counts.add(copy_file(folder / "in", folder / "other", Sharing::blocks));
  CHECK(counts.linked == 1);
  CHECK(counts.cloned + counts.copied == 2);
  CHECK(fs::hard_link_count(folder / "in") == 2);
  CHECK(fs::equivalent(folder / "in", folder / "same"));
  std::ofstream(folder / "in") << "after";  // in place, as an editor may do
  CHECK(read_file(folder / "same", 1 << 30) == "after");
  CHECK(read_file(folder / "through", 1 << 30) == "before");
  CHECK(read_file(folder / "other", 1 << 30) == "before");
  CHECK_FALSE(fs::is_symlink(folder / "through"));
  CHECK_THROWS_WITH(copy_file(folder / "absent", folder / "never", Sharing::inode), "No such file or directory");
  CHECK_FALSE(fs::exists(folder / "never"));
}

TEST_CASE("files: what was done with copies is said in words", "[files]") {
  CHECK(CopyCounts{3, 0, 0}.text() == "Linked 3");
  CHECK(CopyCounts{0, 2, 0}.text() == "Cloned 2");
  CHECK(CopyCounts{0, 0, 4}.text() == "Copied 4");
  CHECK(CopyCounts{1, 0, 2}.text() == "Linked 1 and copied 2");
}

TEST_CASE("files: a stamp tells a file from one of another length or time", "[files]") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "12345");
  const auto stamp = stamp_of(folder / "f");
  REQUIRE(stamp);
  CHECK(stamp->bytes == 5);
  CHECK(stamp_of(folder / "f") == stamp);
  fs::last_write_time(folder / "f", fs::last_write_time(folder / "f") + std::chrono::nanoseconds(1));
  CHECK(stamp_of(folder / "f") == Stamp{5, stamp->nanoseconds + 1});
  CHECK_FALSE(stamp_of(folder.path()));
  CHECK_FALSE(stamp_of(folder / "absent"));
}
