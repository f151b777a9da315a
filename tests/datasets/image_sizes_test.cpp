#include "datasets/directory/image_sizes.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "datasets/codecs/png.h"
#include "datasets/directory/image_subset.h"
#include "datasets/transforms/apply_transformation.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using datasets::ImageDirectory;
using datasets::ImageSize;
using datasets::ImageSizes;
namespace fs = std::filesystem;

namespace {

void put(const fs::path& file, std::string_view text) {
  fs::remove_all(file);
  runtime::FileWriter writer(file);
  writer.write(text);
  writer.close();
}

std::string grey(int width, int height) {
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height), 7);
  return datasets::encode_png(pixels, width, height, 1);
}

/// Other bytes in a file that looks from outside as it did.
void replace_unseen(const fs::path& file) {
  struct stat before {};
  REQUIRE(stat(file.c_str(), &before) == 0);
  put(file, std::string(static_cast<std::size_t>(before.st_size), 'x'));
  const std::array<timespec, 2> times = {before.st_atim, before.st_mtim};
  REQUIRE(utimensat(AT_FDCWD, file.c_str(), times.data(), 0) == 0);
}

/// Three images of 4 x 2, 5 x 3 and 6 x 4 pixels, written by ImageDirectoryWriter.
struct Written {
  test::TemporaryFolder folder;
  fs::path root = folder / "out";
  fs::path list = root / "_sizes.lst";
  explicit Written(const char* first = "image/a b.png") {
    runtime::OutputDirectory output(root);
    datasets::ImageDirectoryWriter writer(output, std::nullopt);
    writer.add(first, grey(4, 2), std::nullopt);
    writer.add("image/b.png", grey(5, 3), std::nullopt);
    writer.add("image/c.png", grey(6, 4), std::nullopt);
    writer.publish();
  }
  ImageDirectory open() const { return ImageDirectory::open(root, "input image directory"); }
  /// What is said of a list of this text, after all sizes were asked for and found right.
  std::string doubts(std::string_view text) const {
    put(list, text);
    const ImageDirectory images = open();
    const ImageSizes sizes(images);
    CHECK(sizes.of(0) == ImageSize{2, 4});
    CHECK(sizes.of(1) == ImageSize{3, 5});
    CHECK(sizes.of(2) == ImageSize{4, 6});
    return sizes.doubts();
  }
  std::string not_used(int count, const std::string& why) const {
    return "The sizes noted in '" + list.string() + "' are not used for " + std::to_string(count) + " of 3 images: " + why + ".";
  }
};

}  // namespace

TEST_CASE("image sizes: a directory that was written tells them without its images", "[image_sizes]") {
  const Written written;
  for (const char* name : {"image/a b.png", "image/b.png", "image/c.png"}) replace_unseen(written.root / name);
  const ImageDirectory images = written.open();
  const ImageSizes sizes(images);
  CHECK(sizes.of(0) == ImageSize{2, 4});
  CHECK(sizes.of(2) == ImageSize{4, 6});
  CHECK(sizes.noted(1) == ImageSize{3, 5});
  CHECK(sizes.doubts().empty());
}

TEST_CASE("image sizes: a file that was changed is read again, and counted", "[image_sizes]") {
  const Written written;
  put(written.root / "image/b.png", grey(50, 30));
  fs::last_write_time(written.root / "image/c.png", fs::last_write_time(written.root / "image/c.png") + std::chrono::seconds(1));
  const ImageDirectory images = written.open();
  const ImageSizes sizes(images);
  CHECK(sizes.of(0) == ImageSize{2, 4});
  CHECK(sizes.of(1) == ImageSize{30, 50});
  CHECK(sizes.of(2) == ImageSize{4, 6});
  CHECK(sizes.doubts() == written.not_used(2, "their files were changed or copied since"));
}

TEST_CASE("image sizes: a file that is gone is not believed in, but is the reader's to report", "[image_sizes]") {
  const Written written;
  fs::remove(written.root / "image/b.png");
  const ImageDirectory images = written.open();
  const ImageSizes sizes(images);
  CHECK_FALSE(sizes.noted(1));
  CHECK_THROWS_WITH(sizes.of(1), "No such file or directory");
  CHECK(sizes.doubts().empty());
}

TEST_CASE("image sizes: a damaged or hostile list harms nothing", "[image_sizes]") {
  const Written written;
  const std::string whole = runtime::read_file(written.list, 1 << 30);
  const auto with = [&](const std::string& old, const std::string& text) {
    std::string changed = whole;
    REQUIRE(changed.find(old) != changed.npos);
    return changed.replace(changed.find(old), old.size(), text);
  };
  CHECK(written.doubts(whole).empty());
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(written.doubts(whole.substr(0, size))
              .starts_with("The sizes noted in '" + written.list.string() + "' are not used for 3 of 3"));
  const std::string unfit = written.not_used(3, "it does not fit the index"), number = written.not_used(3, "a number is missing");
  CHECK(written.doubts(whole + "x") == unfit);
  CHECK(written.doubts(with("sizes 1 3", "sizes 2 3")) == written.not_used(3, "it is of another version"));
  CHECK(written.doubts(with("sizes 1 3", "sizes 1 4")) == unfit);
  CHECK(written.doubts(with("b.png", "x.png")) == unfit);
  CHECK(written.doubts(with(" 5 3 image", " -5 3 image")) == number);
  CHECK(written.doubts(with(" 5 3 image", " 5 99999999999999999999 image")) == number);
  CHECK(written.doubts(with(" 5 3 image", " 5 x image")) == number);
  // No image has these sizes: what is nonsense counts as not noted.
  for (const char* size : {" 0 3 image", " 70000 70000 image", " 2147483647 2147483647 image"})
    CHECK(written.doubts(with(" 5 3 image", size)).empty());
  CHECK(written.doubts(whole + std::string(2000, 'x')) ==
        written.not_used(3, "larger than " + std::to_string(4 * 96 + 35) + " bytes"));
  fs::remove(written.list);
  REQUIRE(mkfifo(written.list.c_str(), 0600) == 0);
  const ImageDirectory images = written.open();
  CHECK(ImageSizes(images).doubts() == written.not_used(3, "not a regular file"));
  fs::remove(written.list);
  fs::create_symlink("/etc/passwd", written.list);
  CHECK(ImageSizes(images).doubts() == written.not_used(3, "a symbolic link out of its folder"));
}

TEST_CASE("image sizes: names may hold whatever an index can", "[image_sizes]") {
  const Written written("image/1 2 3 4\n5 6 image/b.png");
  CHECK(written.doubts(runtime::read_file(written.list, 1 << 30)).empty());
}

TEST_CASE("image sizes: what is not known of any image is not listed", "[image_sizes]") {
  const test::TemporaryFolder folder;
  runtime::OutputDirectory output(folder / "out");
  datasets::ImageDirectoryWriter writer(output, std::nullopt);
  writer.add("image/a.png", "no image", std::nullopt);
  writer.publish();
  CHECK_FALSE(fs::exists(folder / "out/_sizes.lst"));
}

TEST_CASE("image sizes: Split and Apply hand them on, of the images of which they are known", "[image_sizes]") {
  const Written written;
  put(written.root / "image/b.png", grey(50, 30));
  const ImageDirectory images = written.open();
  {
    runtime::OutputDirectory first(written.folder / "first"), second(written.folder / "second");
    datasets::write_subsets(images, {{{2, 1}, first}, {{0}, second}}, runtime::Sharing::blocks, 2);
  }
  const ImageDirectory first = ImageDirectory::open(written.folder / "first", "input image directory");
  const ImageSizes known(first);
  CHECK(known.noted(0) == ImageSize{4, 6});
  CHECK_FALSE(known.noted(1));
  CHECK(known.doubts().empty());

  datasets::carry_transformation(images, datasets::Transformation::parse("[]"), written.folder / "carrying",
                                 {{{2, 4}, {30, 50}, {4, 6}}, runtime::Sharing::blocks, 2});
  const ImageDirectory carrying = ImageDirectory::open(written.folder / "carrying", "input image directory");
  const ImageSizes all(carrying);
  CHECK(all.noted(0) == ImageSize{2, 4});
  CHECK(all.noted(1) == ImageSize{30, 50});
  CHECK(all.noted(2) == ImageSize{4, 6});
}
