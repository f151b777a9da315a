// Checkpoints as folders: what is written comes back to the bit, and what was damaged is told.
#include "component/checkpoint/checkpoint_file.h"

#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "component/checkpoint/conditions.h"
#include "component/checkpoint/saver.h"
#include "component/training/boundary.h"
#include "runtime/launch/stop_request.h"
#include "runtime/report/checkpoints.h"
#include "runtime/text/json.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using component::Checkpoint;
using component::Wishes;

namespace {

Checkpoint small() {
  Checkpoint checkpoint;
  checkpoint.state.set("whole", std::int64_t{1} << 60);
  checkpoint.state.set("tenth", 0.1);
  checkpoint.state.set("none", std::nan(""));
  checkpoint.state.set("most", std::numeric_limits<double>::infinity());
  const at::Tensor image = at::arange(2 * 3 * 4 * 5, at::kFloat).view({2, 3, 4, 5});
  checkpoint.state.set("t", std::vector<at::Tensor>{image, image.to(at::MemoryFormat::ChannelsLast), at::ones({}, at::kLong),
                                                    at::empty({0, 7}, at::kDouble)});
  checkpoint.conditions = {{"processes", "2"}, {"--keep", "best"}};
  return checkpoint;
}

const std::atomic<bool> kWanted = false;

std::string fingerprint(const Checkpoint& checkpoint) {
  const test::TemporaryFolder folder;
  component::write_checkpoint(folder / "1.0", checkpoint, kWanted);
  return runtime::parse_json(component::read_checkpoint(folder / "1.0").numbers).at("fingerprint").get<std::string>();
}

void spoil(const std::filesystem::path& file) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekp(-1, std::ios::end);
  bytes.put('\x7f');
}

}  // namespace

TEST_CASE("checkpoint: numbers, tensors of any layout and conditions come back to the bit", "[checkpoint]") {
  const test::TemporaryFolder folder;
  const Checkpoint before = small();
  component::write_checkpoint(folder / "3.0", before, kWanted);
  CHECK(runtime::wrong_with(folder / "3.0").empty());
  const Checkpoint after = component::understand(component::read_checkpoint(folder / "3.0"));
  CHECK(after.conditions == before.conditions);
  CHECK(after.state.integer("whole") == std::int64_t{1} << 60);
  CHECK(after.state.real("tenth") == 0.1);
  CHECK(std::isnan(after.state.real("none")));
  CHECK(after.state.real("most") == std::numeric_limits<double>::infinity());
  const auto tensors = after.state.tensors("t"), had = before.state.tensors("t");
  REQUIRE(tensors.size() == 4);
  for (std::size_t i = 0; i < tensors.size(); ++i)
    CHECK((tensors[i].equal(had[i]) && tensors[i].scalar_type() == had[i].scalar_type()));
}

TEST_CASE("checkpoint: its fingerprint is of numbers and tensors, but of no time", "[checkpoint]") {
  const std::string usual = fingerprint(small());
  CHECK(usual.size() == 64);
  Checkpoint other = small();
  other.state.set("clock.seconds", 2.0);
  CHECK(fingerprint(other) == usual);
  other.state.set("tenth", 0.2);
  CHECK(fingerprint(other) != usual);
  other = small();
  other.state.all_tensors().at("t.1").mutable_data_ptr<float>()[3] = 77;
  CHECK(fingerprint(other) != usual);
}

TEST_CASE("checkpoint: a changed, a missing and an unlisted file are told by name", "[checkpoint]") {
  const test::TemporaryFolder folder;
  for (const char* const name : {"1.0", "2.0", "3.0"}) component::write_checkpoint(folder / name, small(), kWanted);
  spoil(folder / "1.0" / "state.safetensors");
  CHECK(runtime::wrong_with(folder / "1.0") == "state.safetensors is not what was written: its SHA-256 is another");
  CHECK_THROWS_WITH(component::read_checkpoint(folder / "1.0"), runtime::wrong_with(folder / "1.0"));
  std::filesystem::remove(folder / "2.0" / "state.json");
  CHECK(runtime::wrong_with(folder / "2.0") == "state.json cannot be read");
  std::filesystem::resize_file(folder / "3.0" / "SHA256SUMS", 0);
  CHECK(runtime::wrong_with(folder / "3.0") == "SHA256SUMS is empty");
  CHECK_THROWS_WITH(component::understand({R"({"format": 1})", ""}), "another version of torchport wrote it");
}

TEST_CASE("checkpoint: the last two are kept, in order of epoch and step, and whoever gives up leaves nothing", "[checkpoint]") {
  const test::TemporaryFolder folder;
  runtime::Log log({folder / "log", false});
  {
    component::Saver saver(
        folder.path(),
        [](const std::atomic<bool>&) {
          return component::Conditions{{"a", "b"}};
        },
        log);
    for (const char* const name : {"2.0", "9.12", "10.0", "9.3"}) {
      saver.save(small().state, name);
      CHECK_FALSE(saver.wait().has_value());
    }
  }
  const auto left = runtime::checkpoints_of(folder.path());
  REQUIRE(left.size() == 2);
  CHECK(left[0].filename() == "10.0");
  CHECK(left[1].filename() == "9.12");
  const std::atomic<bool> given_up = true;
  CHECK_THROWS_AS(component::write_checkpoint(folder / "x", small(), given_up), component::GivenUp);
  CHECK_FALSE(std::filesystem::exists(folder / "x" / "state.safetensors"));
}

TEST_CASE("checkpoint: what differs is named with what it was and what it is", "[checkpoint]") {
  const auto rows = component::differences({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {{"a", "1"}, {"b", "4"}, {"d", "5"}});
  REQUIRE(rows.size() == 3);
  CHECK((rows[0].label == "b" && rows[0].value == "was 2, is 4"));
  CHECK((rows[1].label == "c" && rows[1].value == "was 3, is unknown"));
  CHECK((rows[2].label == "d" && rows[2].value == "was unknown, is 5"));
}

TEST_CASE("checkpoint: the wishes of many ranks are one sum", "[checkpoint]") {
  const auto together = [](int stops, int saves) {
    float sum = 0;
    for (int i = 0; i < stops; ++i) sum += Wishes{.stop = true}.number();
    for (int i = 0; i < saves; ++i) sum += Wishes{.save = true}.number();
    return Wishes::of(sum);
  };
  CHECK((!together(0, 0).stop && !together(0, 0).save));
  CHECK((together(1, 0).stop && together(3000, 0).stop));
  CHECK((!together(0, 1).stop && together(0, 1).save && !together(0, 4095).stop));
  CHECK((together(1, 1).stop && together(1, 1).save));
}

TEST_CASE("checkpoint: the first signal is a wish, a later one is not", "[checkpoint]") {
  CHECK_FALSE(runtime::note_stop(15));
  int told = 0;
  {
    const runtime::StopRequest request([&](int signal) { told = signal; });
    CHECK(request.signal() == 0);
    CHECK(runtime::note_stop(10));
    CHECK(runtime::note_stop(15));  // the same wish, by another way
    CHECK((request.signal() == 10 && told == 10));
  }
  CHECK(runtime::note_stop(15));  // still that wish
}

TEST_CASE("checkpoint: a signal that is passed over is no wish, neither the first nor a later one", "[checkpoint]") {
  int told = 0, passed = 0;
  const runtime::StopRequest request([&](int signal) { told = signal; }, [&](int signal) { return signal == 10 && ++passed > 0; });
  CHECK((runtime::note_stop(10) && told == 0 && request.signal() == 0));
  CHECK((runtime::note_stop(15) && told == 15));
  CHECK((runtime::note_stop(10) && passed == 2 && request.signal() == 15));
}

TEST_CASE("checkpoint: what is done cannot be stopped any more", "[checkpoint]") {
  int told = 0;
  {
    runtime::StopRequest request([&](int signal) { told = signal; });
    CHECK(runtime::note_stop(10));
    request.too_late();
    CHECK((request.signal() == 0 && told == 10));
    told = 0;
  }
  CHECK(runtime::note_stop(15));
  CHECK(told == 0);
  {
    const runtime::StopRequest next([&](int signal) { told = signal; });
    CHECK(runtime::note_stop(10));
  }
  CHECK(told == 10);
}
