#include "datasets/sources/image_source.h"

#include <sys/stat.h>

#include "datasets/directory/image_directory.h"
#include "tests/support/catch.h"
#include "tests/support/image_sources.h"

namespace fs = std::filesystem;
using namespace torchport;
using namespace torchport::test;
using datasets::ImageSource;

TEST_CASE("convert: class folders of the original's images make the original's directory", "[convert]") {
  const auto original = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "input");
  test::TemporaryFolder folder;
  for (std::size_t i = 0; i < original.size(); ++i) {
    const std::string name = fs::path(original.file(i)).filename().string();
    // The original numbered the images in the order of their names, so names that sort alike give the same directory again.
    const std::string sorted = std::string(i < 10 ? "0" : "") + std::to_string(i) + fs::path(name).extension().string();
    put(folder.path() / "in" / original.categories()[static_cast<std::size_t>(original.label(i))].name / sorted,
        get(original.path(i)));
  }
  write(open(folder / "in"), folder / "out");
  CHECK(tree(folder / "out") == tree(original.root()));
  for (const std::string& file : tree(original.root())) CHECK(get(folder / "out" / file) == get(original.root() / file));
}

TEST_CASE("convert: a flat folder of the original's images makes the original's directory", "[convert]") {
  const fs::path original = test::original("image_directory_unlabelled");
  test::TemporaryFolder folder;
  write(open(original / "image", "flat"), folder / "out");
  CHECK(tree(folder / "out") == tree(original));
  for (const std::string& file : tree(original)) CHECK(get(folder / "out" / file) == get(original / file));
}

TEST_CASE("convert: class folders are found below single folders, other depths and files are left out", "[convert]") {
  test::TemporaryFolder folder;
  for (const char* file : {"top/set/dog/b.PNG", "top/set/cat/z.png", "top/set/cat/a.Jpeg", "top/set/cat/deep/c.png",
                           "top/set/loose.png", "__MACOSX/cat/a.png"}) {
    put(folder / "in" / file, png());
  }
  put(folder / "in/top/set/cat/notes.txt", "text");
  put(folder / "in/top/set/cat/text.png", "text");
  put(folder / "in/top/set/fox/text.png", "text");
  const ImageSource source = open(folder / "in");
  CHECK(source.categories == Names{"cat", "dog"});
  CHECK(files_of(source) == Names{"cat/a.Jpeg", "cat/z.png", "dog/b.PNG"});
  CHECK(source.items[2].label == 1);
  write(source, folder / "out");
  CHECK(tree(folder / "out/image") == Names{"0_0.Jpeg", "0_1.png", "1_2.PNG"});
  CHECK(lines_of(source) == Names{"W Left out 2, not exactly one folder deep: cat/deep/c.png, loose.png",
                                  "W Left out 1, of another type (.txt 1): top/set/cat/notes.txt",
                                  "  Left out 1, of tools and systems: __MACOSX",
                                  "W Left out 2, unreadable: cat/text.png (" + kNoImage + "), fox/text.png (" + kNoImage + ")",
                                  "W Without an image, and so no categories: top/set/fox (its one image is unreadable)"});
}

TEST_CASE("convert: pipes, dead links and folders that link to themselves do no harm", "[convert]") {
  test::TemporaryFolder folder;
  put(folder / "in/cat/a.png", png());
  put(folder / "elsewhere.png", png());
  REQUIRE(mkfifo((folder / "in/cat/pipe.png").c_str(), 0600) == 0);
  fs::create_symlink("nowhere", folder / "in/cat/dead.png");
  fs::create_symlink(folder / "elsewhere.png", folder / "in/cat/link.png");
  fs::create_directory_symlink(".", folder / "in/cat/loop.png");
  fs::create_directory_symlink(".", folder / "in/loop");
  const ImageSource source = open(folder / "in");
  CHECK(files_of(source) == Names{"cat/a.png", "cat/link.png"});
  const std::string outside = fs::canonical(folder / "elsewhere.png").string();
  CHECK(lines_of(source) ==
        Names{"W Left out 2, links in a circle or to a folder that counts already: cat/loop.png, loop",
              "W Left out 1, links to nowhere: cat/dead.png (to nowhere)", "W Left out 1, neither files nor folders: cat/pipe.png",
              "W Followed 1 link out of the input: cat/link.png (to " + outside + ")",
              "W Only one category, 'cat': a network has nothing to tell apart. Labels are read from folders, label "
              "files, COCO files and IDX files only."});
}

TEST_CASE("convert: a single class folder is not taken for the top", "[convert]") {
  test::TemporaryFolder folder;
  put(folder / "in/top/cat/a.png", png());
  const ImageSource source = open(folder / "in");
  CHECK(source.categories == Names{"cat"});
}

TEST_CASE("convert: images in the folder itself, or deeper than one folder, get no labels", "[convert]") {
  test::TemporaryFolder folder;
  for (const char* file : {"b.png", "a.png", "x/y/c.png"}) put(folder / "in" / file, png());
  const ImageSource source = open(folder / "in");
  CHECK_FALSE(source.categories.has_value());
  write(source, folder / "out");
  CHECK(tree(folder / "out/image") == Names{"a.png", "b.png", "x/y/c.png"});
  CHECK_FALSE(datasets::ImageDirectory::open(folder / "out", "input").labelled());
}

TEST_CASE("convert: input that no format fits is refused", "[convert]") {
  test::TemporaryFolder folder;
  const auto error = [&](const std::string& name, const std::string& format = "auto") {
    return error_of([&] { open(folder / name, format); }, folder.path());
  };
  const std::string begin = "error[InvalidDatasetError] convert_to_image_directory: ";
  put(folder / "file.txt", "text");
  CHECK(error("file.txt") ==
        begin +
            "the input 'DIR/file.txt' is neither a folder nor an archive\n"
            "  hint   Give a folder of photos, or a ZIP or tar archive of one, also compressed with gzip or bzip2.\n");
  put(folder / "texts/cat/notes.txt", "text");
  const std::string extensions =
      "Images are files named jpg, jpeg, png, gif, heic, heif, webp, tif, tiff, bmp, ppm, pgm, pbm, pnm, jfif, jpe or apng.\n";
  CHECK(error("texts") == begin +
                              "the input holds no image\n  path    DIR/texts\n"
                              "  found   Left out 1, of another type (.txt 1): cat/notes.txt\n"
                              "  found   Without an image, and so no categories: cat (no image among what it holds)\n  hint    " +
                              extensions);
  put(folder / "flat/a.png", png());
  for (const char* format : {"class_folders", "idx"}) {
    CHECK(error("flat", format) == begin + "the input is not a folder of the format " + format +
                                       "\n  path   DIR/flat\n  hint   Let --format=auto find the format.\n");
  }
  put(folder / "two/train/_meta.yaml", "type: ImageDirectory\n");
  put(folder / "two/val/_meta.yaml", "type: ImageDirectory\n");
  CHECK(error("two") == begin +
                            "the input holds image directories already: train, val\n  path   DIR/two\n"
                            "  hint   Use each as it is; of an archive, unpack it first.\n");
  put(folder / "beside/notes.txt", "text");
  put(folder / "beside/t/_meta.yaml", "type: ImageDirectory\n");
  CHECK(error("beside").starts_with(begin + "the input is an image directory already\n"));
  put(folder / "done/_meta.yaml", "type: ImageDirectory\n");
  CHECK(error("done") == begin +
                             "the input is an image directory already\n  path   DIR/done\n"
                             "  hint   Give the folder of images that it was made of, or use it as it is.\n");
}

TEST_CASE("convert: a file that vanishes is named, and nothing is published", "[convert]") {
  test::TemporaryFolder folder;
  for (const char* file : {"cat/a.png", "cat/b.png"}) put(folder / "in" / file, png());
  const ImageSource source = open(folder / "in");
  fs::remove(folder / "in/cat/b.png");
  CHECK(error_of([&] { write(source, folder / "out"); }, folder.path()) ==
        "error[CouldNotOpenFileError] convert_to_image_directory: 'DIR/in/cat/b.png' cannot be read: No such file or directory\n"
        "  hint   Give the path of a readable file.\n");
  CHECK_FALSE(fs::exists(folder / "out"));
  CHECK(tree(folder.path()) == Names{"in/cat/a.png"});
}

TEST_CASE("convert: an image that the machine does not let it read stops it", "[convert]") {
  test::TemporaryFolder folder;
  put(folder / "in/cat/a.png", png());
  fs::create_symlink("/proc/self/mem", folder / "in/cat/b.png");  // a regular file whose beginning cannot be read: EIO
  CHECK(error_of([&] { open(folder / "in"); }, folder.path()) ==
        "error[CouldNotOpenFileError] convert_to_image_directory: the image 'DIR/in/cat/b.png' cannot be read: Input/output error\n"
        "  hint   Nothing is wrong with its content, which was not reached. Mend what hinders reading it, or take it out of the "
        "input.\n");
}

TEST_CASE("convert: the parts of a data set are refused with the commands to convert each", "[convert]") {
  test::TemporaryFolder folder;
  for (const char* file : {"in/set 1/train/cat/1.png", "in/set 1/train/dog/1.png", "in/set 1/val/cat/1.png", "in/set 1/Test/1.png",
                           "in/set 1/notes.txt", "in/notes.txt"})
    put(folder / file, png());
  const datasets::SourceOptions options{.path = folder / "in", .subset = "train", .output = "t"};
  const std::string run = "torchport run convert_to_image_directory --input_path=";
  CHECK(
      error_of([&] { datasets::open_source("auto", options); }, folder.path()) ==
      "error[InvalidDatasetError] convert_to_image_directory: the input holds the parts of a data set, 'Test', 'train', 'val', in "
      "place of class folders\n"
      "  path   DIR/in/set 1/\n"
      "  run    " +
          run +
          "'DIR/in/set 1/Test' --output_path=t_Test\n"
          "  run    " +
          run +
          "'DIR/in/set 1/train' --output_path=t_train\n"
          "  run    " +
          run +
          "'DIR/in/set 1/val' --output_path=t_val\n"
          "  hint   Convert each part by itself: its folders are the categories.\n");
  CHECK(open(folder / "in", "flat").items.size() == 4);
  CHECK(open(folder / "in/set 1/train").categories == Names{"cat", "dog"});
  put(folder / "cars/train/1.png", png());
  put(folder / "cars/bus/1.png", png());
  CHECK(lines_of(open(folder / "cars")).empty());
  put(folder / "parts/train2017/1.png", png());
  put(folder / "parts/val2017/1.png", png());
  CHECK(lines_of(open(folder / "parts")) == Names{"W The categories have the names of a data set's parts: train2017, val2017"});
}

TEST_CASE("convert: categories that came out empty are named, and those that look alike", "[convert]") {
  test::TemporaryFolder folder;
  for (const char* file : {"top/in/cat/1.png", "top/in/Cat/1.png", "top/in/cat /1.png", "top/in/caf\xC3\xA9/1.png",
                           "top/in/CAFE\xCC\x81/1.png", "top/in/\xE6\xA5\xBD/1.png", "top/in/owl/deep/1.png"})
    put(folder / file, png());
  put(folder / "top/in/fox/1.zip", "zip");
  put(folder / "top/in/elk/1.png", "text");
  put(folder / "top/in/elk/2.png", "text");
  fs::create_directories(folder / "top/in/bird");
  fs::create_directories(folder / "top/other");
  const ImageSource source = open(folder / "top");
  CHECK(source.categories->size() == 6);
  CHECK(
      lines_of(source) ==
      Names{"W Left out 1, not exactly one folder deep: owl/deep/1.png", "W Left out 1, of another type (.zip 1): in/fox/1.zip",
            "W Left out 2, unreadable: elk/1.png (" + kNoImage + "), elk/2.png (" + kNoImage + ")",
            "W Without an image, and so no categories: in/bird (an empty folder), in/elk (its 2 images are unreadable), in/fox (no "
            "image among what it holds), in/owl (its images lie deeper), other (an empty folder)",
            "W Categories that differ in case, blanks or accents only: 'CAFE\xCC\x81' and 'caf\xC3\xA9', 'Cat' and 'cat' and "
            "'cat '"});
}

TEST_CASE("convert: a limit keeps each category's share, chosen by the seed", "[convert]") {
  const auto source = [] {
    ImageSource made{Names{"a", "b", "c", "none"}, {}, [](std::size_t i) { return std::to_string(i); }};
    for (int i = 0; i < 100; ++i) made.items.push_back({std::to_string(i), i < 60 ? 0 : i < 99 ? 1 : 2, ""});
    return made;
  };
  const auto kept = [&](std::int64_t limit, std::int64_t seed) {
    ImageSource made = source();
    datasets::limit_items(made, limit, seed);
    std::array<int, 3> counts{};
    for (std::size_t i = 0; i < made.items.size(); ++i) {
      CHECK(made.read(i) == made.items[i].file_name);  // items and their bytes stay together
      ++counts.at(static_cast<std::size_t>(*made.items[i].label));
    }
    return std::pair(counts, files_of(made));
  };
  CHECK(kept(10, 1).first == std::array{6, 3, 1});
  CHECK(kept(50, 1).first == std::array{30, 19, 1});
  CHECK(kept(3, 1).first == std::array{1, 1, 1});
  CHECK(kept(100, 1).second.size() == 100);
  CHECK(kept(1000, 1).second.size() == 100);
  CHECK(kept(20, 1).second == kept(20, 1).second);
  CHECK(kept(20, 1).second != kept(20, 2).second);
  const Names names = kept(20, -1).second;
  CHECK(std::is_sorted(names.begin(), names.end(), [](const auto& a, const auto& b) { return std::stoi(a) < std::stoi(b); }));
  CHECK(error_of([&] { kept(2, 1); }, "/nowhere") ==
        "error[GreaterThanOrEqualToError] convert_to_image_directory: --limit is 2, but must be at least 3, the number of "
        "categories\n"
        "  hint   Raise --limit, so that every category keeps an image.\n");
}

TEST_CASE("convert: an image that is cut or grows while it is taken is not stored as if it were whole", "[convert]") {
  const test::TemporaryFolder folder;
  put(folder / "in/a/1.png", png());
  put(folder / "in/a/2.png", png());
  const auto source = open(folder / "in");
  put(folder / "in/a/2.png", png().substr(0, 20));
  CHECK(
      error_of([&] { write(source, folder / "out"); }, folder.path())
          .starts_with("error[UserError] convert_to_image_directory: the image 'DIR/in/a/2.png' was changed while it was taken\n"));
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}
