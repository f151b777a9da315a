#include "datasets/sources/image_source.h"
#include "datasets/sources/labels_file.h"

#include <sys/stat.h>
#include <zlib.h>

#include <fstream>

#include "datasets/codecs/decode.h"
#include "datasets/codecs/png.h"
#include "datasets/directory/image_directory.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/output_directory.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport;
using datasets::ImageSource;
using Names = std::vector<std::string>;

namespace {

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string get(const fs::path& file) { return runtime::read_file(file); }

std::string png(std::uint8_t grey = 7) { return datasets::encode_png(std::vector<std::uint8_t>{grey}, 1, 1, 1); }

ImageSource open(const fs::path& folder, const std::string& format = "auto", const std::string& subset = "train",
                 const Names& labels = {}, runtime::Log* log = nullptr) {
  return datasets::open_source(format, {folder, subset, labels, log, {}, 2});
}

void write(const ImageSource& source, const fs::path& target) {
  runtime::OutputDirectory output(target);
  datasets::write_image_directory(source, output, 2);
}

template <class Action>
std::string error_of(Action action, const fs::path& folder) {
  try {
    action();
  } catch (const runtime::Error& error) {
    std::string text = error.render("convert_to_image_directory");
    for (std::size_t at; (at = text.find(folder.string())) != text.npos;) text.replace(at, folder.string().size(), "DIR");
    return text;
  }
  return "no error";
}

Names files_of(const ImageSource& source) {
  Names names;
  for (const auto& item : source.items) names.push_back(item.file_name);
  return names;
}

/// The file names below `root`, sorted, without the lists of sizes and origins, which the original does not write.
Names tree(const fs::path& root) {
  Names names;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_directory() && entry.path() != root / "_sizes.lst" && entry.path() != root / "_origins.lst")
      names.push_back(entry.path().lexically_relative(root).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

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
  runtime::Log log({folder / "log", false, false});
  const ImageSource source = open(folder / "in", "auto", "train", {}, &log);
  CHECK(source.categories == Names{"cat", "dog"});
  CHECK(files_of(source) == Names{"cat/a.Jpeg", "cat/z.png", "dog/b.PNG"});
  CHECK(source.items[2].label == 1);
  write(source, folder / "out");
  CHECK(tree(folder / "out/image") == Names{"0_0.Jpeg", "0_1.png", "1_2.PNG"});
  const std::string lines = get(folder / "log"), root = (folder / "in/top/set").string();
  for (const std::string& line :
       {root + "/cat/text.png is left out: no JPEG, PNG, BMP, PNM, TIFF or WebP image",
        root + "/fox/text.png is left out: no JPEG, PNG, BMP, PNM, TIFF or WebP image",
        "2 images that are not exactly one folder deep are ignored, the first is " + root + "/cat/deep/c.png"}) {
    CHECK(lines.find(line) != lines.npos);
  }
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
  CHECK(files_of(open(folder / "in")) == Names{"cat/a.png", "cat/link.png"});
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

TEST_CASE("convert: input that no format fits is refused", "[convert]") {
  test::TemporaryFolder folder;
  const auto error = [&](const std::string& name, const std::string& format = "auto") {
    return error_of([&] { open(folder / name, format); }, folder.path());
  };
  const std::string begin = "error[InvalidDatasetError] convert_to_image_directory: ";
  put(folder / "file.txt", "text");
  CHECK(error("file.txt") == begin +
                                 "the input 'DIR/file.txt' is neither a folder nor an archive\n"
                                 "  hint   Archives are files named zip, tar, gz, tgz, bz2, tbz or tbz2.\n");
  put(folder / "texts/cat/notes.txt", "text");
  const std::string extensions = "Images are files named jpg, jpeg, png, ppm, bmp, pgm, tif, tiff or webp.\n";
  CHECK(error("texts") == begin + "the input holds no image\n  path   DIR/texts\n  hint   " + extensions);
  put(folder / "flat/a.png", png());
  for (const char* format : {"class_folders", "idx"}) {
    CHECK(error("flat", format) == begin + "the input is not a folder of the format " + format +
                                       "\n  path   DIR/flat\n  hint   Let --format=auto find the format.\n");
  }
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
  CHECK(error("a\n\nb\n") == refused("2", "is blank"));
  CHECK(error("a\nb\na\n") == refused("3", "repeats an earlier one"));
  CHECK(error("\xE9\n") == refused("1", "is not UTF-8"));
  CHECK(error_of([&] { datasets::read_labels(folder / "none.txt"); }, folder.path()) ==
        "error[CouldNotOpenFileError] convert_to_image_directory: 'DIR/none.txt' cannot be read: No such file or directory\n"
        "  hint   Give the path of a readable file.\n");
  CHECK(datasets::read_labels(test::source() / "examples/fashion_mnist/labels.txt").size() == 10);
}
