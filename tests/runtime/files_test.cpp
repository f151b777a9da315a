#include "runtime/files/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "runtime/error/error.h"
#include "runtime/files/output_directory.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using torchport::runtime::check_output;
using torchport::runtime::Error;
using torchport::runtime::FileWriter;
using torchport::runtime::OutputDirectory;
using torchport::runtime::read_file;
using torchport::runtime::read_head;
using torchport::runtime::resolve_inside;
using torchport::runtime::write_file_atomically;
using torchport::test::error_of;
using torchport::test::TemporaryFolder;

namespace {

std::vector<std::string> listing(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder))
    names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  return names;
}

unsigned mode(const fs::path& path) { return static_cast<unsigned>(fs::status(path).permissions()); }

/// Runs `action` in a child process and returns what it reported: the error's text.
std::string in_child(const std::function<std::string()>& action) {
  std::array<int, 2> pipe_ends{};
  REQUIRE(pipe(pipe_ends.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = action();
    _exit(write(pipe_ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(pipe_ends[1]);
  std::string text(4096, '\0');
  const ssize_t got = read(pipe_ends[0], text.data(), text.size());
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(status == 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

/// As a disk of `bytes` would: longer files are refused.
void limit_files(std::size_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

struct WorkingFolder {
  explicit WorkingFolder(const fs::path& folder) : before(fs::current_path()) { fs::current_path(folder); }
  ~WorkingFolder() { fs::current_path(before); }
  fs::path before;
};

}  // namespace

TEST_CASE("files: a written file reads back, with the mode that the umask leaves", "[files]") {
  const TemporaryFolder folder;
  for (const mode_t mask : {mode_t{022}, mode_t{027}, mode_t{077}}) {
    const mode_t before = umask(mask);
    const fs::path path = folder / ("f" + std::to_string(mask));
    FileWriter writer(path);
    writer.write("ab");
    writer.write(std::string_view("\0c", 2));
    writer.finish();
    umask(before);
    CHECK(read_file(path, 99) == std::string("ab\0c", 4));
    CHECK(mode(path) == (0666U & ~mask));
  }
}

TEST_CASE("files: an unfinished file is removed", "[files]") {
  const TemporaryFolder folder;
  { FileWriter(folder / "f").write("text"); }
  CHECK(listing(folder.path()).empty());
}

TEST_CASE("files: a planted link or file is not written through", "[files]") {
  const TemporaryFolder folder;
  fs::create_symlink("victim", folder / "f");
  CHECK(error_of([&] { FileWriter writer(folder / "f"); }) ==
        "FailedToWriteOutputsError: '" + (folder / "f").string() + "' could not be written: File exists");
  CHECK(listing(folder.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("files: a full disk is told with the file's name, and nothing half-written stays", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "in");
  const std::string written = in_child([&] {
    limit_files(1000);
    return error_of([&] { write_file_atomically(folder / "in" / "f", std::string(2000, 'x')); });
  });
  CHECK(written == "FailedToWriteOutputsError: '" + (folder / "in/f").string() + "' could not be written: File too large");
  CHECK(listing(folder / "in").empty());
  for (const bool present : {false, true}) {
    const fs::path target = folder / "in" / "model";
    if (present) fs::create_directory(target);
    const std::string text = in_child([&] {
      limit_files(1000);
      return error_of([&] {
        OutputDirectory output(target);
        output.write("small", "x");
        output.write("large", std::string(2000, 'x'));
        output.publish("type: ModelDirectory\n");
      });
    });
    CHECK_THAT(text, Catch::Matchers::StartsWith("FailedToWriteOutputsError: '") &&
                         Catch::Matchers::EndsWith("/large' could not be written: File too large"));
    CHECK(listing(folder / "in") == (present ? std::vector<std::string>{"model"} : std::vector<std::string>{}));
  }
}

TEST_CASE("files: a file is replaced as a whole, and a link to it stays untouched", "[files]") {
  const TemporaryFolder folder;
  const WorkingFolder here(folder.path());
  write_file_atomically("run.json", "old");
  write_file_atomically("run.json", "new");
  CHECK(read_file("run.json", 99) == "new");
  fs::create_symlink("run.json", "link");
  write_file_atomically("link", "mine");
  CHECK(read_file("run.json", 99) == "new");
  CHECK(read_file("link", 99) == "mine");
  CHECK(listing(folder.path()) == std::vector<std::string>{"link", "run.json"});
  CHECK(error_of([] { write_file_atomically("absent/f", "x"); }) ==
        "FailedToWriteOutputsError: 'absent/f' could not be written: No such file or directory");
}

TEST_CASE("files: what a killed process left of a file that it was replacing goes with the next writing", "[files]") {
  const TemporaryFolder folder;
  FileWriter(folder / ".f.0123abcd.tmp").finish();
  FileWriter(folder / ".f.notes.tmp").finish();  // no name of ours
  const int lock = open((folder / ".f.0123abcd.tmp").c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(flock(lock, LOCK_EX) == 0);
  write_file_atomically(folder / "f", "x");
  CHECK(listing(folder.path()) == std::vector<std::string>{".f.0123abcd.tmp", ".f.notes.tmp", "f"});  // its writer lives
  close(lock);
  write_file_atomically(folder / "f", "y");
  CHECK(listing(folder.path()) == std::vector<std::string>{".f.notes.tmp", "f"});
}

TEST_CASE("files: only regular files of a fitting size are read, and a FIFO does not hang", "[files]") {
  const TemporaryFolder folder;
  mkfifo((folder / "fifo").c_str(), 0600);
  write_file_atomically(folder / "f", "12345");
  CHECK(read_file(folder / "f", 5) == "12345");
  CHECK(read_head(folder / "f", 2) == "12");
  CHECK(read_head(folder / "f", 99) == "12345");
  CHECK(error_of([&] { read_file(folder / "f", 4); }) == "larger than 4 bytes");
  CHECK(error_of([&] { read_file(folder / "fifo", 99); }) == "not a regular file");
  CHECK(error_of([&] { read_file("/dev/zero", 99); }) == "not a regular file");
  CHECK(error_of([&] { read_file(folder.path(), 99); }) == "not a regular file");
  CHECK(error_of([&] { read_file(folder / "absent", 99); }) == "No such file or directory");
  CHECK(read_file("/proc/self/stat", 9999).size() > 10);  // its file system states no size
}

TEST_CASE("output directory: threads may fill it together", "[files]") {
  const TemporaryFolder folder;
  OutputDirectory output(folder / "out");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) output.write("a/" + std::to_string(i % 7) + "/" + std::to_string(50 * t + i), "x");
    });
  threads.clear();
  output.publish("type: AnyDirectory\n");
  CHECK(output.files().size() == 201);
}

TEST_CASE("output directory: appears whole, wherever its path ends", "[files]") {
  const TemporaryFolder folder;
  const WorkingFolder here(folder.path());
  fs::create_directory("a");
  const mode_t before = umask(022);
  for (const char* const target : {"plain", "slash//", "./dot/.", "a/../up"}) {
    {
      OutputDirectory output(target);
      output.write("image/0.png", "pixels");
      output.write("images.lst", "lines");
      CHECK_FALSE(fs::exists(target));
      CHECK(output.files() == std::vector<std::string>{"image/0.png", "images.lst"});
      output.publish("type: ImageDirectory\n");
      CHECK(output.files() == std::vector<std::string>{"_meta.yaml", "image/0.png", "images.lst"});
    }
    CHECK(listing(target) == std::vector<std::string>{"_meta.yaml", "image", "image/0.png", "images.lst"});
    CHECK(mode(target) == 0755);
    CHECK(mode(fs::path(target) / "image") == 0755);
    CHECK(mode(fs::path(target) / "_meta.yaml") == 0644);
  }
  umask(before);
  CHECK(fs::exists("up"));
  CHECK(std::distance(fs::directory_iterator("."), {}) == 5);
}

TEST_CASE("output directory: an empty folder that is there is filled, even the working folder", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "mount");
  fs::create_directory_symlink("mount", folder / "link");
  const WorkingFolder here(folder / "mount");
  for (const fs::path& target : {fs::path("."), folder / "link"}) {
    {
      OutputDirectory output(target);
      output.write("image/0.png", "pixels");
      output.publish("type: ImageDirectory\n");
    }
    CHECK(listing(".") == std::vector<std::string>{"_meta.yaml", "image", "image/0.png"});
    fs::remove_all("image");
    fs::remove("_meta.yaml");
  }
}

TEST_CASE("output directory: a folder for others' tools has no _meta.yaml, and counts by a file of its own", "[files]") {
  const TemporaryFolder folder;
  for (const bool present : {false, true}) {
    const fs::path target = folder / (present ? "mount" : "new");
    if (present) fs::create_directory(target);
    OutputDirectory output(target);
    output.write("zz.pth", "weights");
    output.publish("README.md", "card");
    CHECK(listing(target) == std::vector<std::string>{"README.md", "zz.pth"});
  }
}

TEST_CASE("output directory: what is not published leaves nothing behind", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "empty");
  for (const char* const name : {"absent", "empty"}) OutputDirectory(folder / name).write("a/b", "x");
  CHECK(listing(folder.path()) == std::vector<std::string>{"empty"});
}

TEST_CASE("output directory: a killed run's folder is cleared away, a living one's is not", "[files]") {
  const TemporaryFolder folder;
  for (const char* const name : {"absent", "empty"}) {
    if (std::string(name) == "empty") fs::create_directory(folder / name);
    CHECK(in_child([&] {
            auto* const output = new OutputDirectory(folder / name);  // never destroyed: as kill -9 leaves it
            output->write("a", "x");
            return std::string("left");
          }) == "left");
    CHECK(listing(folder.path()).size() > 1);
    check_output(folder / name);
    {
      OutputDirectory mine(folder / name);
      mine.write("b", "y");
      if (std::string(name) == "empty")
        CHECK(error_of([&] { OutputDirectory other(folder / name); }) ==
              "AlreadyExistsError: the output '" + (folder / name).string() + "' exists and is not empty");
      mine.publish("type: AnyDirectory\n");
    }
    CHECK(listing(folder / name) == std::vector<std::string>{"_meta.yaml", "b"});
    fs::remove_all(folder / name);
    CHECK(listing(folder.path()).empty());
  }
}

TEST_CASE("output directory: a place that cannot be used is refused, by the check and by the maker alike", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "full");
  write_file_atomically(folder / "full" / "file", "x");
  fs::create_symlink("nowhere", folder / "dangling");
  const std::string place = folder.path().string();
  const std::map<fs::path, std::string> cases = {
      {folder / "full", "AlreadyExistsError: the output '" + place + "/full' exists and is not empty"},
      {folder / "full/file",
       "InvalidPathForDirectoryCreationError: the output '" + place + "/full/file' cannot be made: a file of that name exists"},
      {folder / "full/file/out", "InvalidPathForDirectoryCreationError: the output '" + place +
                                     "/full/file/out' cannot be made: '" + place + "/full/file' is not a folder"},
      {folder / "dangling", "InvalidPathForDirectoryCreationError: the output '" + place +
                                "/dangling' cannot be made: it is a symbolic link to nowhere"},
      {"", "InvalidPathForDirectoryCreationError: the output '' cannot be made: the path is empty"},
      {folder / std::string(300, 'x'), "InvalidPathForDirectoryCreationError: the output '" + place + "/" + std::string(300, 'x') +
                                           "' cannot be made: File name too long"},
      {"/proc/out", "InvalidPathForDirectoryCreationError: the output '/proc/out' cannot be made: No such file or directory"},
  };
  for (const auto& [target, text] : cases) {
    CHECK(error_of([&] { OutputDirectory output(target); }) == text);
    if (target != "/proc/out") CHECK(error_of([&] { check_output(target); }) == text);
  }
}

TEST_CASE("output directory: a target that fills up meanwhile is not overwritten", "[files]") {
  const TemporaryFolder folder;
  OutputDirectory output(folder / "out");
  fs::create_directory(folder / "out");
  write_file_atomically(folder / "out" / "file", "x");
  const std::string said = error_of([&] { output.publish("type: AnyDirectory\n"); });
  const std::string begin = "AlreadyExistsError: the output '" + (folder / "out").string() +
                            "' was made by somebody else meanwhile; what this run made is in '";
  REQUIRE(said.starts_with(begin));
  CHECK(listing(said.substr(begin.size(), said.size() - begin.size() - 1)) == std::vector<std::string>{"_meta.yaml"});
  CHECK(listing(folder / "out") == std::vector<std::string>{"file"});
}

TEST_CASE("output directory: a path that leads out of it is a bug of ours", "[files]") {
  const TemporaryFolder folder;
  OutputDirectory output(folder / "out");
  for (const char* const path : {"../x", "a/../../x", "/etc/x", ""}) CHECK_THROWS_AS(output.path(path), std::logic_error);
}

TEST_CASE("resolve_inside: a file of a directory may not lie outside of it", "[files]") {
  const TemporaryFolder folder;
  fs::create_directories(folder / "data/image");
  write_file_atomically(folder / "data/image/0.png", "x");
  write_file_atomically(folder / "secret", "x");
  fs::create_symlink("0.png", folder / "data/image/link.png");
  fs::create_symlink("../../secret", folder / "data/image/out.png");
  fs::create_directory_symlink("..", folder / "data/up");
  const auto resolved = [&](std::string_view relative) { return resolve_inside(folder / "data", relative); };
  CHECK(resolved("image/0.png") == folder / "data/image/0.png");
  CHECK(resolved("image/link.png") == folder / "data/image/link.png");
  CHECK(resolved("image/absent.png") == folder / "data/image/absent.png");
  const std::map<std::string, std::string> refused = {{"", "not a file name"},
                                                      {std::string("a\0b", 3), "not a file name"},
                                                      {"/etc/passwd", "an absolute path"},
                                                      {"../secret", "a path with '..'"},
                                                      {"image/../../secret", "a path with '..'"},
                                                      {"image/out.png", "a symbolic link out of its folder"},
                                                      {"up/secret", "a symbolic link out of its folder"}};
  for (const auto& [relative, reason] : refused) CHECK(error_of([&, path = relative] { resolved(path); }) == reason);
}
