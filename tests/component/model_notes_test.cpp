#include "component/export/model_notes.h"

#include "tests/support/catch.h"

using torchport::component::ModelNotes;
using torchport::component::read_notes;

TEST_CASE("model notes: what a file says of its model is read", "[export]") {
  const ModelNotes notes = read_notes({{"labels", R"(["cat", "größe"])"},
                                       {"mean", "[0.5, 0, 0.25]"},
                                       {"std", "[1, 0.5, 2]"},
                                       {"height", "40"},
                                       {"width", "30"},
                                       {"transforms", R"([["Resize", [[40, 30]]]])"},
                                       {"format", "pt"}});
  CHECK(notes.doubts.empty());
  CHECK(notes.labels == std::vector<std::string>{"cat", "größe"});
  REQUIRE(notes.normalisation);
  CHECK(notes.normalisation->mean == std::array<double, 3>{0.5, 0, 0.25});
  CHECK(notes.normalisation->std_dev == std::array<double, 3>{1, 0.5, 2});
  REQUIRE(notes.input);
  CHECK((notes.input->height == 40 && notes.input->width == 30));
  CHECK(notes.input->transforms == R"([["Resize",[[40,30]]]])");
}

TEST_CASE("model notes: what others write under the same names is not believed, and said", "[export]") {
  const ModelNotes notes = read_notes({{"labels", R"(["cat", "cat"])"},
                                       {"mean", "0.5"},
                                       {"std", "[1, 0, 1]"},
                                       {"height", "224"},
                                       {"width", "224"},
                                       {"transforms", R"([["Rotate", 4]])"}});
  CHECK(notes.labels.empty());
  CHECK_FALSE(notes.normalisation);
  CHECK_FALSE(notes.input);
  REQUIRE(notes.doubts.size() == 3);
  CHECK(notes.doubts[0] == "Its metadata 'labels' is not used: it has a name twice.");
  CHECK(notes.doubts[1] == "Its metadata 'mean and std' is not used: it is not a list of three numbers that are possible here.");
  CHECK_THAT(notes.doubts[2], Catch::Matchers::StartsWith("Its metadata 'height, width and transforms' is not used: "));
  CHECK(read_notes({}).doubts.empty());
  CHECK(read_notes({{"labels", "[]"}, {"height", "[["}}).doubts.size() == 1);
}
