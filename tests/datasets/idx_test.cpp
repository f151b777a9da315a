#include <zlib.h>

#include "datasets/directory/image_directory.h"
#include "datasets/sources/image_source.h"
#include "datasets/sources/labels_file.h"
#include "tests/support/catch.h"
#include "tests/support/image_sources.h"

namespace fs = std::filesystem;
using namespace torchport;
using namespace torchport::test;
using datasets::ImageSource;

namespace {

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(bytes.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// Three images of 2 x 1 pixels, of the classes 1, 0 and 1.
struct Idx {
  test::TemporaryFolder folder;
  std::string images = std::string("\0\0\x08\x03\0\0\0\x03\0\0\0\x01\0\0\0\x02", 16) + "abcdef";
  std::string labels = std::string("\0\0\x08\x01\0\0\0\x03\x01\0\x01", 11);
  Idx() {
    put(folder / "train-images-idx3-ubyte", images);
    put(folder / "train-labels-idx1-ubyte", labels);
  }
  std::string error() const {
    return error_of([&] { open(folder.path()); }, folder.path());
  }
};

}  // namespace

TEST_CASE("convert: IDX files become PNG images, plain or compressed, with names or numbers", "[convert]") {
  Idx idx;
  const ImageSource source = open(idx.folder.path(), "auto", "train", {"cat", "dog"});
  CHECK(source.categories == Names{"cat", "dog"});
  REQUIRE(source.items.size() == 3);
  CHECK(source.items[0].label == 1);
  datasets::Pixels pixels;
  datasets::decode(source.read(1), pixels);
  CHECK(pixels.width == 2);
  CHECK(pixels.height == 1);
  CHECK(pixels.rgb == std::vector<std::uint8_t>{'c', 'c', 'c', 'd', 'd', 'd'});
  CHECK(open(idx.folder.path()).categories == Names{"0", "1"});
  test::TemporaryFolder folder;
  put(folder / "t10k-images-idx3-ubyte.gz", gzip(idx.images));
  put(folder / "t10k-labels-idx1-ubyte.gz", gzip(idx.labels));
  const ImageSource test = open(folder.path(), "idx", "test");
  CHECK(test.items.size() == 3);
  CHECK(test.read(2) == source.read(2));
  write(source, folder / "out");
  CHECK(tree(folder / "out/image") == Names{"0_1.png", "1_0.png", "1_2.png"});
}

TEST_CASE("convert: IDX files have a dot in their names on Kaggle, and lie in folders of the old names", "[convert]") {
  Idx idx;
  test::TemporaryFolder folder;
  const std::string images = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte";
  put(folder / "dotted/train-images.idx3-ubyte", idx.images);
  put(folder / "dotted/train-labels.idx1-ubyte.gz", gzip(idx.labels));
  put(folder / "both/train-images.idx3-ubyte", idx.images);
  put(folder / "both/train-labels.idx1-ubyte", idx.labels);
  put(folder.path() / "both" / images / images, idx.images);
  put(folder.path() / "both" / labels / labels, idx.labels);
  put(folder.path() / "folders" / images / images, idx.images);
  put(folder.path() / "folders" / labels / labels, idx.labels);
  for (const char* layout : {"dotted", "both", "folders"}) {
    INFO(layout);
    const ImageSource source = open(folder / layout);
    CHECK(source.categories == Names{"0", "1"});
    CHECK(source.items.size() == 3);
  }
}

TEST_CASE("convert: broken IDX files are refused", "[convert]") {
  Idx idx;
  const auto broken = [](const std::string& file, const std::string& reason) {
    return "error[InvalidDatasetError] convert_to_image_directory: the IDX files of 'DIR/" + file + "' are broken: " + reason +
           "\n  hint   Fetch the files again.\n";
  };
  const std::string images = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte";
  const auto with = [&](const std::string& file, const std::string& bytes) {
    put(idx.folder / file, bytes);
    return idx.error();
  };
  CHECK(with(images, idx.images.substr(0, 21)) == broken(images, "it holds 5 bytes of data, not 6"));
  CHECK(with(images, idx.images + "x") == broken(images, "it holds 7 bytes of data, not 6"));
  CHECK(with(images, idx.images.substr(0, 9)) == broken(images, "its header is cut short"));
  CHECK(with(images, idx.labels + idx.images) == broken(images, "its magic number is wrong"));
  CHECK(with(images, idx.images.substr(0, 4) + std::string(12, '\xff')) == broken(images, "its sizes are impossible"));
  put(idx.folder / images, idx.images);
  CHECK(with(labels, std::string("\0\0\x08\x01\0\0\0\x02\x01\0", 10)) == broken(labels, "it holds 2 labels for 3 images"));
  fs::remove(idx.folder / labels);
  CHECK(idx.error() == broken(labels + ".gz", "No such file or directory"));
  const std::string packed = gzip(idx.labels);
  CHECK(with(labels + ".gz", packed.substr(0, packed.size() - 9)) == broken(labels + ".gz", "the compressed data end early"));
  CHECK(with(labels + ".gz", packed.substr(0, packed.size() - 8) + "wrong ck") ==
        broken(labels + ".gz", "the compressed data are damaged"));
  put(idx.folder / (labels + ".gz"), packed);
  CHECK(error_of([&] { open(idx.folder.path(), "idx", "train", {"cat"}); }, idx.folder.path()) ==
        "error[InvalidDatasetError] convert_to_image_directory: the labels file names 1 categories, but the IDX files use 2\n"
        "  path   DIR\n  hint   Give one name a line, in the order of their numbers.\n");
  // What a packed file says of itself is believed within reason only, and no more is unpacked than it says.
  fs::remove(idx.folder / images);
  CHECK(with(images + ".gz", gzip(idx.images + "x")) == broken(images + ".gz", "it holds more than 6 bytes of data, not 6"));
  CHECK(with(images + ".gz", gzip(idx.images.substr(0, 4) + std::string("\1\0\0\0\0\0\0\x08\0\0\0\x08", 12))) ==
        broken(images + ".gz", "it would unpack to 1073741840 bytes, more than 200 times its own"));
}

TEST_CASE("convert: Fashion-MNIST becomes 6,000 images of ten named categories", "[convert]") {
  const fs::path folder = "/usr/share/datasets/fashion-mnist";
  if (!fs::exists(folder)) {
    return test::skip("the Debian package dataset-fashion-mnist is not installed");
  }
  const Names labels = datasets::read_labels(test::source() / "examples/fashion_mnist/labels.txt");
  ImageSource source = open(folder, "auto", "train", labels);
  CHECK(source.items.size() == 60000);
  datasets::limit_items(source, 6000, 1);
  test::TemporaryFolder target;
  write(source, target / "out");
  const auto images = datasets::ImageDirectory::open(target / "out", "training dataset");
  CHECK(images.size() == 6000);
  std::array<int, 10> counts{};
  for (std::size_t i = 0; i < images.size(); ++i) ++counts.at(static_cast<std::size_t>(images.label(i)));
  for (const int count : counts) CHECK(count == 600);
  CHECK(images.categories()[9].name == "Ankle boot");
  CHECK(datasets::read_file_header(images.path(5999)).width == 28);
}

TEST_CASE("convert: the labels file has one name a line", "[convert]") {
  test::TemporaryFolder folder;
  const auto names = [&](const std::string& text) {
    put(folder / "labels.txt", text);
    return datasets::read_labels(folder / "labels.txt");
  };
  CHECK(names("T-shirt/top\nAnkle boot\n") == Names{"T-shirt/top", "Ankle boot"});
  CHECK(names("a\r\nb\r\n\r\n") == Names{"a", "b"});
  const auto error = [&](const std::string& text) { return error_of([&] { names(text); }, folder.path()); };
  const auto refused = [](const std::string& line, const std::string& problem) {
    return "error[FileParsingFailedError] convert_to_image_directory: line " + line + " of the labels file 'DIR/labels.txt' " +
           problem + "\n  hint   Give one category name a line, in the order of their numbers.\n";
  };
  CHECK(names("\xEF\xBB\xBF"
              "cat\r\ndog\r\n \t\n\n") == Names{"cat", "dog"});
  CHECK(error("\xFF\xFE"
              "c\0a\0t\0") == refused("1", "is UTF-16, not UTF-8"));
  CHECK(error("\xFE\xFF"
              "cat") == refused("1", "is UTF-16, not UTF-8"));
  CHECK(error("a\n  \nb\n") == refused("2", "is blank"));
  CHECK(error("a\n\nb\n") == refused("2", "is blank"));
  CHECK(error("a\nb\na\n") == refused("3", "repeats an earlier one"));
  CHECK(error("\xE9\n") == refused("1", "is not UTF-8"));
  CHECK(error(std::string("a\nb\0c\n", 6)) == refused("2", "has a zero byte"));
  for (const char* nothing : {"", "\n \n", "\xEF\xBB\xBF"}) CHECK(error(nothing) == refused("1", "is blank"));
  CHECK(error_of([&] { datasets::read_labels(folder / "none.txt"); }, folder.path()) ==
        "error[CouldNotOpenFileError] convert_to_image_directory: 'DIR/none.txt' cannot be read: No such file or directory\n"
        "  hint   Give the path of a readable file.\n");
  CHECK(datasets::read_labels(test::source() / "examples/fashion_mnist/labels.txt").size() == 10);
}
