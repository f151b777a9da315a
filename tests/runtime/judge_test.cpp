// Whom the watcher's judge names, and when: ranks as they would stand, and a clock that the test moves.
#include "runtime/watch/judge.h"

#include "tests/support/catch.h"

using namespace torchport::runtime;
using State = WatchedRank::State;

namespace {

/// Three ranks, and seconds since the start.
struct Job {
  static constexpr double kTimeout = 60;
  Judge judge{kTimeout, "mpirun", Judge::Time{}};
  std::vector<WatchedRank> ranks{3};

  static Judge::Time at(double seconds) {
    return Judge::Time{} + std::chrono::duration_cast<Judge::Time::duration>(std::chrono::duration<double>(seconds));
  }
  void here(int rank, Phase phase, std::int64_t entered, std::int64_t finished, const char* operation = "", double waited = 0) {
    WatchedRank& one = ranks[static_cast<std::size_t>(rank)];
    one.state = State::here;
    one.host = "n" + std::to_string(rank);
    one.stand = {phase, "2.7", entered, finished, operation, entered, waited};
  }
  /// All that are here are heard of at that time.
  Judge::Verdict look(double seconds, const std::vector<int>& silent = {}) {
    for (std::size_t rank = 0; rank < ranks.size(); ++rank)
      if (ranks[rank].state == State::here && std::count(silent.begin(), silent.end(), static_cast<int>(rank)) == 0)
        ranks[rank].heard = at(seconds);
    return judge.look(ranks, at(seconds));
  }
  std::string failure(double seconds, const std::vector<int>& silent = {}) {
    const auto verdict = look(seconds, silent);
    if (!verdict.failure) return "none";
    return std::to_string(verdict.failure->rank) + " " + verdict.failure->step + ": " + verdict.failure->errors.front().what();
  }
  std::string warning(double seconds, const std::vector<int>& silent = {}) {
    const auto verdict = look(seconds, silent);
    std::string text;
    for (const auto& [words, shown] : verdict.warnings) text += (shown ? "" : "(here) ") + words;
    return text;
  }
};

}  // namespace

TEST_CASE("a rank that the others wait for is warned of once and ends the job after the time-out") {
  Job job;
  job.here(1, Phase::training, 8, 8);
  for (const double waited : {1.0, 19.0}) {
    job.here(0, Phase::training, 9, 8, "all-reduce", waited);
    job.here(2, Phase::training, 9, 8, "all-reduce", waited - 1);
    CHECK(
        job.warning(waited) ==
        (waited > 10 ? "Others have waited 19 s in all-reduce number 9 for process 1 on host n1 (training, epoch.step 2.7)." : ""));
  }
  CHECK(job.warning(20) == "");  // it was named
  job.here(0, Phase::training, 9, 8, "all-reduce", 59);
  CHECK(job.failure(59) == "none");
  job.here(0, Phase::training, 9, 8, "all-reduce", 60);
  CHECK(job.failure(60) ==
        "1 2.7: process 1 on host n1 (training, epoch.step 2.7) did not come to all-reduce number 9, in which the others waited 60 "
        "s");
}

TEST_CASE("a rank that waits itself is not to blame") {
  Job job;  // rank 0 went on to the next operation, rank 2 is still in the one that rank 1 has not come to
  job.here(0, Phase::training, 9, 8, "broadcast", 61);
  job.here(1, Phase::training, 7, 7);
  job.here(2, Phase::training, 8, 7, "broadcast", 61);
  CHECK(job.failure(61).starts_with("1 2.7: process 1 on host n1 (training, epoch.step 2.7) did not come to broadcast number 9"));
}

TEST_CASE("work that goes on without a wait has no limit") {
  Job job;
  for (int rank = 0; rank < 3; ++rank) job.here(rank, Phase::checking, 0, 0);
  for (double time = 0; time < 1000; time += 0.5) REQUIRE(job.warning(time) == "");
  // Two have nothing to do and wait in MPI_Finalize for the one that converts.
  job.here(0, Phase::working, 5, 5);
  for (const int rank : {1, 2}) job.here(rank, Phase::ending, 6, 5, "MPI_Finalize", 2000);
  CHECK(job.look(3000).warnings.empty());
  CHECK(job.failure(3000) == "none");
  // Then that one is frozen: the others' wait says nothing of since when.
  CHECK(job.failure(3050, {0}) == "none");
  CHECK(job.failure(3062, {0}) ==
        "0 2.7: nothing was heard of process 0 on host n0 (working, epoch.step 2.7; not heard of for 62 s) within 60 s; others "
        "wait in "
        "MPI_Finalize number 6");
}

TEST_CASE("a rank without a beat") {
  Job job;
  for (int rank = 0; rank < 3; ++rank) job.here(rank, Phase::training, 8, 8);
  CHECK(job.warning(1) == "");
  CHECK(job.warning(10, {0}) == "");
  // Rank 0 cannot show it itself.
  CHECK(job.warning(12, {0}) ==
        "(here) Nothing is heard of process 0 on host n0 (training, epoch.step 2.7; not heard of for 11 s).");
  CHECK(job.failure(60, {0}) == "none");
  CHECK(job.failure(63, {0}).starts_with("0 2.7: nothing was heard of process 0 on host n0"));
  // Frozen within an operation: it is what the others wait for, although it came to it.
  Job other;
  for (int rank = 0; rank < 3; ++rank) other.here(rank, Phase::training, 9, 8, "all-reduce", 1);
  CHECK(other.failure(1) == "none");
  for (const int rank : {0, 2}) other.here(rank, Phase::training, 9, 8, "all-reduce", 60);
  CHECK(other.failure(60, {1}) ==
        "1 2.7: process 1 on host n1 (training, epoch.step 2.7; not heard of for 59 s) did not come to "
        "all-reduce number 9, in which the others waited 60 s");
}

TEST_CASE("all wait, and nobody is missing") {
  Job job;
  for (int rank = 0; rank < 3; ++rank) job.here(rank, Phase::training, 9, 8, "all-reduce", 60.0 + rank);
  CHECK(job.failure(60) == "-1 -: all processes waited 60 s in all-reduce number 9, and none came through");
  job.here(1, Phase::training, 9, 8, "all-reduce", 59);
  CHECK(job.failure(60) == "none");
}

TEST_CASE("ranks that do not begin") {
  Job job;
  CHECK(job.failure(59) == "none");
  CHECK(job.failure(60) == "-1 -: mpirun did not begin any process within 60 s");
  Job other;
  other.here(0, Phase::checking, 1, 0, "MPI_Init", 0);
  other.here(2, Phase::checking, 1, 0, "MPI_Init", 0);
  CHECK(other.failure(10) == "none");
  CHECK(other.warning(21) == "(here) Others began 10 s ago, but not process 1.");
  CHECK(other.failure(69) == "none");
  CHECK(other.failure(71) == "1 -: process 1 did not begin within 60 s of the others");
  other.ranks[1].state = State::excused;
  CHECK(other.failure(71) == "none");
}

TEST_CASE("a rank that is gone without a goodbye") {
  Job job;
  for (int rank = 0; rank < 3; ++rank) job.here(rank, Phase::saving, 9, 9);
  job.look(5);
  job.ranks[1].state = State::gone;
  job.ranks[1].heard = Job::at(5);
  CHECK(job.failure(7) == "none");  // the engine may know more
  CHECK(job.failure(8.5) == "1 2.7: process 1 on host n1 (saving, epoch.step 2.7) ended without a word");
  Job other;  // a goodbye, but the others wait for it
  other.here(0, Phase::training, 9, 8, "all-reduce", 60);
  other.here(1, Phase::ending, 8, 8);
  other.ranks[1].state = other.ranks[2].state = State::ended;
  other.ranks[2].stand.entered = 9;
  CHECK(other.failure(60) ==
        "1 2.7: process 1 on host n1 (which has ended) did not come to all-reduce number 9, in which the others waited 60 s");
}

TEST_CASE("a sentence names three ranks at most") {
  Job job;
  job.ranks.resize(6);
  job.here(0, Phase::loading, 3, 2, "barrier", 60);
  for (int rank = 1; rank < 6; ++rank) job.here(rank, Phase::loading, 2, 2);
  CHECK(job.failure(60).find("process 3 on host n3 (loading, epoch.step 2.7) and 2 more did not come to barrier number 3") !=
        std::string::npos);
}
