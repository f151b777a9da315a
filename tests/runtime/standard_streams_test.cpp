#include "runtime/files/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <ostream>
#include <thread>

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::DescriptorBuffer;
using torchport::runtime::write_all;

namespace {

struct Pipe {
  Pipe() { REQUIRE(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0); }
  ~Pipe() {
    for (const int fd : ends) close(fd);
  }
  std::array<int, 2> ends{};
};

}  // namespace

TEST_CASE("standard streams: a slow reader of a non-blocking pipe gets all there is", "[streams]") {
  const Pipe pipe;
  const std::string text(1 << 20, 'x');  // more than a pipe holds
  std::string got;
  std::jthread reader([&] {
    std::array<char, 4096> piece{};
    while (got.size() < text.size()) {
      const ssize_t bytes = read(pipe.ends[0], piece.data(), piece.size());
      if (bytes > 0) got.append(piece.data(), static_cast<std::size_t>(bytes));
    }
  });
  CHECK(write_all(pipe.ends[1], text) == 0);
  reader.join();
  CHECK(got == text);
  CHECK(write_all(pipe.ends[1], text, /*wait=*/false) == EAGAIN);
}

TEST_CASE("standard streams: a reader that is gone is no error of a stream, a full disk is", "[streams]") {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  close(pipe.ends[0]);
  CHECK(write_all(pipe.ends[1], "x") == EPIPE);
  DescriptorBuffer gone(pipe.ends[1]);
  std::ostream out(&gone);
  out << "many words" << std::flush;
  CHECK(out);
  CHECK(gone.error() == 0);
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  DescriptorBuffer disk(full);
  std::ostream text(&disk);
  text << "many words" << std::flush;
  CHECK_FALSE(text);
  CHECK(disk.error() == ENOSPC);
  close(full);
}

TEST_CASE("standard streams: what is written comes in order, and not before a flush or a full buffer", "[streams]") {
  const torchport::test::TemporaryFolder folder;
  const int fd = open((folder / "out").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  {
    DescriptorBuffer buffer(fd);
    std::ostream out(&buffer);
    out << "a" << 1 << 'b';
    out.put('c');
    CHECK(torchport::runtime::read_file(folder / "out", 1 << 20).empty());
    out << std::flush;
    CHECK(torchport::runtime::read_file(folder / "out", 1 << 20) == "a1bc");
    out << std::string(10000, 'd');
    CHECK(torchport::runtime::read_file(folder / "out", 1 << 20).size() == 10004);
  }
  close(fd);
}
