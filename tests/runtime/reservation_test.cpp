// Places of outputs that one run holds: against a second run, against what a killed run left, and against removing anything else.
#include "runtime/files/reservation.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/lock_file.h"
#include "runtime/files/output_directory.h"
#include "runtime/files/space.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
namespace fs = std::filesystem;
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

/// Runs `action` in a process that then dies as by kill -9: nothing is destroyed.
void in_killed_process(const std::function<void()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    action();
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
}

/// A process that has done `action` and lives until this object goes.
class LivingProcess {
 public:
  explicit LivingProcess(const std::function<void()>& action) {
    std::array<int, 2> ready{}, stop{};
    REQUIRE(pipe(ready.data()) == 0);
    REQUIRE(pipe(stop.data()) == 0);
    id_ = fork();
    if (id_ == 0) {
      close(stop[1]);
      action();
      char byte = 0;
      _exit(write(ready[1], "x", 1) == 1 && read(stop[0], &byte, 1) == 0 ? 0 : 1);
    }
    char byte = 0;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    for (const int fd : {ready[0], ready[1], stop[0]}) close(fd);
    stop_ = stop[1];
  }
  ~LivingProcess() {
    close(stop_);
    waitpid(id_, nullptr, 0);
  }
  pid_t id() const { return id_; }

 private:
  pid_t id_;
  int stop_;
};

OutputDirectory* half_made(const fs::path& target) {
  auto* const output = new OutputDirectory(target);
  output->write("image/0.png", "old");
  output->write("images.lst", "old");
  return output;
}

void make(const fs::path& target) {
  OutputDirectory output(target);
  output.write("b", "y");
  output.publish("type: AnyDirectory\n");
}

const std::vector<std::string> kMade = {"_meta.yaml", "b"};

}  // namespace

TEST_CASE("reservation: a second run to the same place is refused while the first lives, and told which it is", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "present");
  fs::create_directory_symlink(".", folder / "link");
  for (const char* const name : {"absent", "present", "new/deep/out"}) {
    const fs::path target = folder / name;
    {
      const LivingProcess other([&] { reserve(target); });
      const std::string text = "is being made by another run: process " + std::to_string(other.id()) + " on " + Owner::self().host;
      const std::string said = "AlreadyExistsError: the output '" + target.string() + "' " + text;
      CHECK(error_of([&] { OutputDirectory output(target); }) == said);
      CHECK(error_of([&] { reserve(target); }) == said);
      CHECK(error_of([&] { check_output(target); }) == said);
      CHECK_THAT(error_of([&] { check_output(folder / "link" / name); }), Catch::Matchers::EndsWith(text));
    }
    make(target);  // it ended without giving the place back
    CHECK(listing(target) == kMade);
    fs::remove_all(target);
  }
  CHECK(listing(folder.path()) == std::vector<std::string>{"link", "new", "new/deep"});
}

TEST_CASE("reservation: without flock a process is told by its number and start", "[files]") {
  const TemporaryFolder folder;
  const fs::path target = folder / "out";
  const auto leave = [&](Owner owner) {
    write_file_atomically(folder / ".torchport-out.lock", LockText{owner, false, {}}.write());
  };
  Owner owner = Owner::self();
  CHECK(life_of(owner) == Life::alive);
  {
    std::optional<Owner> other;
    const LivingProcess living([] {});
    owner.process = living.id();
    owner.start = 0;
    CHECK(life_of(owner) == Life::dead);  // another process has that number now
    leave(owner);
    make(target);
    fs::remove_all(target);
    std::istringstream stat(read_file("/proc/" + std::to_string(living.id()) + "/stat", 4096));
    std::string field;
    for (int i = 0; i < 22; ++i) stat >> field;
    owner.start = std::stoll(field);
    CHECK(life_of(owner) == Life::alive);
    leave(owner);
    const std::string said = "AlreadyExistsError: the output '" + target.string() + "' is being made by another run: process " +
                             std::to_string(living.id()) + " on " + owner.host;
    CHECK(error_of([&] { make(target); }) == said);
    CHECK(error_of([&] { check_output(target); }) == said);
  }
  CHECK(life_of(owner) == Life::dead);
  make(target);
  fs::remove_all(target);
  owner = Owner::self();
  owner.boot = "another";
  CHECK(life_of(owner) == Life::dead);
  owner.host = "another";
  CHECK(life_of(owner) == Life::elsewhere);  // and so never in the way
  leave(owner);
  make(target);
  CHECK(listing(folder.path()) == std::vector<std::string>{"out", "out/_meta.yaml", "out/b"});
}

TEST_CASE("reservation: what a killed run left is cleared away, whenever it was killed", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "present");
  for (const char* const name : {"absent", "present"}) {
    const fs::path target = folder / name;
    for (const bool moving : {false, true}) {
      in_killed_process([&] {
        const OutputDirectory* const output = half_made(target);
        if (!moving || name == std::string("absent")) return;
        note_placing(target, {{output->staging() / "image", target / "image", target / "_meta.yaml"}});
        fs::rename(output->staging() / "image", target / "image");
      });
      CHECK(listing(folder.path()).size() > 3);
      check_output(target);
      CHECK(listing(folder.path()).size() > 3);  // a look changes nothing
      make(target);
      CHECK(listing(target) == kMade);
      fs::remove_all(target);
      if (name == std::string("present")) fs::create_directory(target);
    }
  }
  CHECK(listing(folder.path()) == std::vector<std::string>{"present"});
}

TEST_CASE("reservation: one of two outputs that belong together does not block the next run, and both do", "[files]") {
  const TemporaryFolder folder;
  const fs::path first = folder / "first", second = folder / "second";
  const auto publish = [&](bool both) {
    OutputDirectory *const one = half_made(first), *const other = half_made(second);
    counts_with(first, second);
    one->publish("type: AnyDirectory\n");
    if (both) other->publish("type: AnyDirectory\n");
  };
  in_killed_process([&] { publish(false); });
  CHECK(fs::exists(first / "_meta.yaml"));
  check_output(first);
  make(first);
  CHECK(listing(first) == kMade);
  make(second);
  fs::remove_all(first);
  fs::remove_all(second);

  in_killed_process([&] { publish(true); });
  CHECK(error_of([&] { make(first); }) == "AlreadyExistsError: the output '" + first.string() + "' exists and is not empty");
  CHECK(fs::exists(first / "images.lst"));
  fs::remove_all(first);
  fs::remove_all(second);

  in_killed_process([&] { publish(false); });
  fs::remove_all(first);
  fs::create_directory(first);  // it may even get the same inode
  write_file_atomically(first / "mine", "x");
  CHECK(error_of([&] { make(first); }) == "AlreadyExistsError: the output '" + first.string() + "' exists and is not empty");
  CHECK(listing(first) == std::vector<std::string>{"mine"});
}

TEST_CASE("reservation: a run that ends in an error takes back the one of two outputs that it had published", "[files]") {
  const TemporaryFolder folder;
  {
    OutputDirectory first(folder / "first");
    const OutputDirectory second(folder / "second");
    counts_with(folder / "first", folder / "second");
    first.publish("type: AnyDirectory\n");
  }
  CHECK(listing(folder.path()).empty());
}

TEST_CASE("reservation: nothing that is not ours is removed", "[files]") {
  const TemporaryFolder folder;
  fs::create_directories(folder / ".torchport-out-abcdefgh/precious");
  fs::create_directory(folder / "other");
  make(folder / "out");
  CHECK(fs::exists(folder / ".torchport-out-abcdefgh/precious"));
  fs::remove_all(folder / "out");

  const fs::path lock = folder / ".torchport-out.lock";
  write_file_atomically(lock, "notes of mine");
  CHECK(error_of([&] { make(folder / "out"); }) == "InvalidPathForDirectoryCreationError: the output '" +
                                                       (folder / "out").string() + "' cannot be made: '" + lock.string() +
                                                       "' is in the way, which is not a reservation");
  CHECK(read_file(lock, 1 << 20) == "notes of mine");

  const Owner gone{Owner::self().host, "another boot", 1, 1};
  fs::remove(lock);
  write_file_atomically(lock, LockText{gone, true, {Placed::of(folder / "other", folder / "other", "")}}.write());
  make(folder / "out");
  CHECK(fs::exists(folder / "other"));  // a list cannot lead elsewhere
  CHECK_FALSE(fs::exists(lock));
}

TEST_CASE("reservation: two outputs of one run by two ways to one place are refused", "[files]") {
  const TemporaryFolder folder;
  fs::create_directory_symlink(".", folder / "link");
  Reservations reserved;
  reserved.add(folder / "out");
  CHECK(error_of([&] { reserved.add(folder / "link/out"); }) ==
        "InvalidPathForDirectoryCreationError: two outputs have the same path '" + (folder / "link/out").string() + "'");
  make(folder / "out");  // within the reservation
  CHECK(listing(folder / "out") == kMade);
}

TEST_CASE("held room: more than a file may hold is refused, with the bytes", "[files]") {
  const TemporaryFolder folder;
  { const HeldRoom room(folder / "out", 100'000, 8, "trained model"); }
  CHECK(listing(folder.path()).empty());
  const std::string said = error_of([&] { const HeldRoom room(folder / "deep/out", std::uint64_t{1} << 60, 8, "trained model"); });
  CHECK_THAT(
      said, Catch::Matchers::Matches("ModuleOutOfMemoryError: '" + folder.path().string() +
                                     "' has no room for the trained model: 1152921504606846976 bytes are needed, [0-9]+ are free"));
}
