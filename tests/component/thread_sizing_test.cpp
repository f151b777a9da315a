// How many threads load images for a GPU, by rates that are made up.
#include "component/training/thread_sizing.h"

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using component::LoaderThreads;
using component::ThreadSizing;

namespace {

/// A sizing that has seen nine batches of 100 images; the GPU takes `rate` images/s of them once it is warm, and that only when
/// nothing holds it up.
struct Sized {
  test::TemporaryFolder folder;
  runtime::Log log{{folder / "log", /*console=*/false}};
  ThreadSizing sizing;

  Sized(const LoaderThreads& threads, double rate) : sizing(threads, "training images", log) {
    for (int batch = 0; batch < 9; ++batch) {
      CHECK_FALSE(sizing.knows());
      CHECK(sizing.wants_time() == batch >= 5);
      const double held_up = batch < 5 ? 0.01 : batch == 7 ? 1 : 2;  // the first ones seem to be faster still, and do not count
      sizing.computed(100, 100 / rate * held_up);
    }
    CHECK(sizing.knows());
    CHECK_FALSE(sizing.wants_time());
  }
  /// The lines of the log without time and level, each with its level.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    std::istringstream all(runtime::read_file(folder / "log", 1 << 20));
    for (std::string line; std::getline(all, line);)
      for (const char* const level : {"WARNING", "INFO"})
        if (const auto place = line.find(level); place != std::string::npos) {
          lines.push_back(std::string(level) + ": " +
                          line.substr(line.find_first_not_of(" -:|\t", place + std::string(level).size())));
          break;
        }
    return lines;
  }
};

}  // namespace

TEST_CASE("loader threads: as many as keep up with the GPU, with a tenth to spare, and both rates are said", "[sizing]") {
  Sized few({2, false, 16}, 1000);
  CHECK(few.sizing.threads_for({0, 0}) == 2);  // nothing is known of a thread
  CHECK(few.sizing.threads_for({300, 3}) == 11);
  CHECK(few.sizing.threads_for({600, 6}) == 11);
  CHECK(few.lines() == std::vector<std::string>{
                           "INFO: The GPU takes 1000 training images/s, and one thread loads 100: 11 threads of at most 16."});
  Sized one({2, false, 16}, 50);
  CHECK(one.sizing.threads_for({300, 3}) == 1);
  CHECK(one.lines() ==
        std::vector<std::string>{"INFO: The GPU takes 50 training images/s, and one thread loads 100: 1 thread of at most 16."});
}

TEST_CASE("loader threads: become more when a later pass finds images that take longer, never fewer", "[sizing]") {
  Sized more({2, false, 16}, 1000);
  CHECK(more.sizing.threads_for({200, 1}) == 6);
  CHECK(more.sizing.threads_for({1200, 11}) == 11);  // 100 a second since
  CHECK(more.sizing.threads_for({9200, 12}) == 11);
  CHECK(more.lines().size() == 2);
}

TEST_CASE("loader threads: a GPU that waits for images with all cores at work is said once, with what it would take", "[sizing]") {
  Sized slow({2, false, 4}, 1000);
  CHECK(slow.sizing.threads_for({100, 1}) == 4);
  CHECK(slow.sizing.threads_for({150, 2}) == 4);
  CHECK(slow.lines() ==
        std::vector<std::string>{
            "INFO: The GPU takes 1000 training images/s, and one thread loads 100: 4 threads of at most 4.",
            "WARNING: The GPU waits for training images: 400 images/s are loaded with 4 threads, 11 would be needed."});
}

TEST_CASE("loader threads: those that were asked for stay as many", "[sizing]") {
  Sized given({8, true, 16}, 1000);  // and more than the process has cores are taken, too
  CHECK(given.sizing.threads_for({100, 1}) == 8);
  CHECK(given.lines() ==
        std::vector<std::string>{
            "INFO: The GPU takes 1000 training images/s, and one thread loads 100: 8 threads, as asked for.",
            "WARNING: The GPU waits for training images: 800 images/s are loaded with 8 threads, 11 would be needed; without "
            "--loader-threads there are as many as needed, up to 16."});
  Sized enough({8, true, 4}, 500);
  CHECK(enough.sizing.threads_for({100, 1}) == 8);
  CHECK(enough.lines().size() == 1);
}
