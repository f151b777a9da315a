#include "datasets/sources/image_walk.h"

#include <fstream>

#include "datasets/sources/foreign_names.h"
#include "runtime/error/error.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport;
using datasets::ImageWalk;
using datasets::Links;
using Names = std::vector<std::string>;

namespace {

void put(const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << "x";
}

ImageWalk walk(const fs::path& root, Links links = Links::follow) { return datasets::walk_images(root, {"input", links, {}}); }

Names lines(const ImageWalk& walk) {
  Names lines;
  for (const auto& line : walk.account.lines()) lines.push_back((line.warning ? "W " : "  ") + line.text);
  return lines;
}

}  // namespace

TEST_CASE("walk: a line for each reason, with counts and the first names", "[convert]") {
  test::TemporaryFolder folder;
  for (int i = 0; i < 1200; ++i) put(folder / ("cat/" + std::to_string(i + 1000) + (i % 3 ? ".psd" : ".TXT")));
  put(folder / "cat/none");
  put(folder / "cat/0.PNG");
  const ImageWalk found = walk(folder.path());
  CHECK(found.images == Names{"cat/0.PNG"});
  CHECK(found.folders == std::map<std::string, std::size_t>{{"cat", 1202}});
  CHECK(lines(found) == Names{"W Left out 1201, of another type (.psd 800, .txt 400, no extension 1): cat/1000.TXT, cat/1001.psd, "
                              "cat/1002.psd and 1198 more"});
  CHECK(found.account.json()["left_out"]["of another type"]["extensions"][".psd"] == 800);
}

TEST_CASE("walk: folders of tools and hidden names are nothing of the user's, at any depth", "[convert]") {
  test::TemporaryFolder folder;
  for (const char* file :
       {".ipynb_checkpoints/a.png", ".Trash-1000/a.png", "@eaDir/a.png", "$RECYCLE.BIN/a.png", "lost+found/a.png",
        "__MACOSX/cat/a.png", "System Volume Information/a.png", "#recycle/a.png", "cat/._a.png", "cat/Thumbs.db", "cat/.DS_Store",
        "cat/@eaDir/a.png", ".private/a.png", "cat/.b.png", "cat/a.png", ".torchport-out-12/image/a.png"}) {
    put(folder / file);
  }
  const ImageWalk found = walk(folder.path());
  CHECK(found.images == Names{"cat/a.png"});
  CHECK(lines(found) == Names{"W Left out 2, hidden: .private, cat/.b.png",
                              "  Left out 12, of tools and systems: #recycle, $RECYCLE.BIN, .Trash-1000 and 9 more"});
}

TEST_CASE("walk: links to folders are followed, those to outside are named, and none is followed in a circle", "[convert]") {
  test::TemporaryFolder folder;
  put(folder / "store/bird/1.png");
  put(folder / "store/bird/deep/2.png");
  put(folder / "in/cat/1.png");
  put(folder / "in/dog/1.png");
  const fs::path in = folder / "in";
  fs::create_directory_symlink("../store/bird", in / "bird");
  fs::create_directory_symlink("cat", in / "kitten");
  fs::create_directory_symlink("../dog", in / "cat/friends");
  fs::create_directory_symlink("../cat", in / "dog/friends");
  fs::create_directory_symlink("..", in / "dog/up");
  fs::create_directory_symlink("/", in / "dog/top");
  fs::create_symlink("self", in / "self");
  fs::create_directory_symlink("../..", folder / "store/bird/back");
  const std::string bird = fs::canonical(folder / "store/bird").string();
  const ImageWalk found = walk(in);
  CHECK(found.images == Names{"bird/1.png", "bird/deep/2.png", "cat/1.png", "cat/friends/1.png", "dog/1.png", "dog/friends/1.png",
                              "kitten/1.png", "kitten/friends/1.png"});
  CHECK(lines(found) ==
        Names{"W Left out 11, links in a circle or to a folder that counts already: bird/back, cat/friends/friends, "
              "cat/friends/top and 8 more",
              "  Followed 4 links: cat/friends, dog/friends, kitten and 1 more",
              "W Followed 1 link out of the input: bird (to " + bird + ")"});
  const ImageWalk inside = walk(in, Links::inside);
  CHECK(inside.images.front() == "cat/1.png");
  CHECK(inside.outside == std::set<std::string>{"bird"});
  const ImageWalk none = walk(in, Links::skip);
  CHECK(none.images == Names{"cat/1.png", "dog/1.png"});
  CHECK(lines(none) == Names{"W Left out 7, links: bird, cat/friends, dog/friends and 4 more"});
}

TEST_CASE("walk: folders full of links to each other are each entered once for a category", "[convert]") {
  test::TemporaryFolder folder;
  constexpr int kFolders = 12;  // 12! ways
  for (int i = 0; i < kFolders; ++i) {
    put(folder / (std::to_string(i) + "/1.png"));
    for (int k = 0; k < kFolders; ++k)
      fs::create_directory_symlink("../" + std::to_string(k), folder / (std::to_string(i) + "/to" + std::to_string(k)));
  }
  CHECK(walk(folder.path()).images.size() == kFolders * kFolders);
}

TEST_CASE("walk: names of tools are known in any case", "[convert]") {
  using datasets::NameKind;
  for (const char* name : {"THUMBS.DB", "$Recycle.Bin", ".DS_Store", "._x", ".Trash-0", "desktop.ini", ".git"})
    CHECK(datasets::kind_of_name(name) == NameKind::tool);
  CHECK(datasets::kind_of_name(".x") == NameKind::hidden);
  for (const char* name : {"cat", "_x", "thumbs.dbx", "recycle", "x.", ""})
    CHECK(datasets::kind_of_name(name) == NameKind::ordinary);
}
