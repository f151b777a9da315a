#include "runtime/files/file_bytes.h"

#include <sys/resource.h>

#include <fstream>

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::FileBytes;

TEST_CASE("file bytes: a file's holes are zeros that take no memory", "[files]") {
  const torchport::test::TemporaryFolder folder;
  const auto path = folder / "sparse";
  const std::string head(5000, 'a'), middle(3000, 'b'), end(10, 'c');
  constexpr std::size_t kSize = std::size_t{3} << 30, kMiddle = (std::size_t{1} << 30) + 77;
  {
    std::ofstream file(path, std::ios::binary);
    file << head;
    file.seekp(kMiddle) << middle;
    file.seekp(kSize - end.size()) << end;
  }
  const FileBytes bytes(path, kSize);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  CHECK(usage.ru_maxrss < 1 << 20);  // KiB; the size of the file is three times that
  REQUIRE(bytes.size() == kSize);
  CHECK(bytes.view().substr(0, 5001) == head + '\0');
  CHECK(bytes.view().substr(kMiddle - 1, 3002) == '\0' + middle + '\0');
  CHECK(bytes.view().substr(kSize - 11) == '\0' + end);
}

TEST_CASE("file bytes: small, empty and too large files", "[files]") {
  const torchport::test::TemporaryFolder folder;
  torchport::runtime::write_file_atomically(folder / "small", "abc");
  torchport::runtime::write_file_atomically(folder / "empty", "");
  CHECK(FileBytes(folder / "small", 3).view() == "abc");
  CHECK(FileBytes(folder / "empty", 0).view().empty());
  CHECK(FileBytes(std::string_view("text")).view() == "text");
  CHECK_THROWS_WITH(FileBytes(folder / "small", 2), "larger than 2 bytes");
  CHECK_THROWS_WITH(FileBytes(folder / "none", 2), "No such file or directory");
}
