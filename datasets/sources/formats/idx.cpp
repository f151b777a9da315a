// IDX files as MNIST and Fashion-MNIST come: all images in one file, all labels in another, compressed or not.
#include <sys/stat.h>
#include <zlib.h>

#include "datasets/codecs/header.h"
#include "datasets/codecs/png.h"
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 30;  // unpacked
constexpr std::size_t kHarmless = std::size_t{64}
                                  << 20;  // unpacked bytes below which their ratio to the packed ones does not matter
constexpr std::size_t kRatio = 200;

[[noreturn]] void broken(const fs::path& file, const std::string& reason) {
  throw runtime::Error("InvalidDataset.idx", {{"path", file.string()}, {"reason", reason}});
}

/// The first `most` unpacked bytes, or fewer where there are no more.
std::string gunzip(const std::string& packed, std::size_t most, const fs::path& file) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, int (*)(z_stream*)> cleanup(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string bytes;
  int status = Z_OK;
  while (status == Z_OK && bytes.size() < most) {
    const std::size_t done = bytes.size(), step = std::min(most - done, std::size_t{16} << 20);
    bytes.resize(done + step);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + done);
    stream.avail_out = static_cast<uInt>(step);
    status = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(done + step - stream.avail_out);
  }
  if (status != Z_STREAM_END && bytes.size() < most)
    broken(file, status == Z_BUF_ERROR ? "the compressed data end early" : "the compressed data are damaged");
  return bytes;
}

/// Refuses a file of which next to nothing is stored: it may state any size. Where no number of blocks is known it is 0.
void refuse_holes(const fs::path& file, std::size_t whole) {
  struct stat status {};
  if (stat(file.c_str(), &status) != 0 || status.st_blocks == 0) return;
  const std::size_t stored = static_cast<std::size_t>(status.st_blocks) * 512;
  if (whole > kHarmless && whole / kRatio > stored)
    broken(file,
           "only " + std::to_string(stored) + " of its " + std::to_string(whole) + " bytes are stored, the others are a hole");
}

bool is_packed(const fs::path& file) { return file.extension() == ".gz"; }

/// A file of a subset: `kind` is images-idx3 or labels-idx1. Its name may have a dot for the last hyphen, it may be compressed, and
/// it may lie in a folder of its name, as on Kaggle.
std::optional<fs::path> find_file(const fs::path& folder, const std::string& subset, const std::string& kind) {
  std::string hyphen = subset + "-" + kind + "-ubyte", dot = hyphen;
  dot[dot.find("-idx")] = '.';
  for (const std::string& name : {hyphen, dot}) {
    for (const fs::path& path : {folder / name, folder / name / name}) {
      for (const char* extension : {"", ".gz"}) {
        if (fs::is_regular_file(path.string() + extension)) return path.string() + extension;
      }
    }
  }
  return std::nullopt;
}

/// The sizes after the magic number, which says that there are `sizes` of them and that the values are bytes.
std::vector<std::size_t> sizes_of(const std::string& header, std::size_t sizes, const fs::path& file) {
  if (header.size() < 4 + 4 * sizes) broken(file, "its header is cut short");
  if (header.substr(0, 4) != std::string("\0\0\x08", 3) + static_cast<char>(sizes)) broken(file, "its magic number is wrong");
  std::vector<std::size_t> found;
  std::size_t total = 1;
  for (std::size_t at = 4; at < 4 + 4 * sizes; at += 4) {
    std::size_t size = 0;
    for (std::size_t k = 0; k < 4; ++k) size = size << 8 | static_cast<std::uint8_t>(header[at + k]);
    if (size == 0 || size > kMostBytes / total) broken(file, "its sizes are impossible");
    total *= size;
    found.push_back(size);
  }
  return found;
}

struct IdxFile {
  std::vector<std::size_t> sizes;
  std::string bytes;  ///< unpacked, with the header
};

/// Nothing is read, or unpacked, that the header does not announce.
IdxFile read_idx(const fs::path& file, std::size_t sizes) {
  try {
    const std::size_t header = 4 + 4 * sizes;
    const std::string packed = is_packed(file) ? runtime::read_file(file, kMostBytes) : "";
    IdxFile idx{sizes_of(is_packed(file) ? gunzip(packed, header, file) : runtime::read_head(file, header), sizes, file), ""};
    std::size_t total = 1;
    for (const std::size_t size : idx.sizes) total *= size;
    const std::size_t whole = header + total;
    const auto held = [&](const std::string& count) {
      broken(file, "it holds " + count + " bytes of data, not " + std::to_string(total));
    };
    if (!is_packed(file)) {
      if (fs::file_size(file) != whole) held(std::to_string(fs::file_size(file) - header));
      refuse_holes(file, whole);
      idx.bytes = runtime::read_file(file, whole);
      return idx;
    }
    if (whole > kHarmless && whole / kRatio > packed.size())
      broken(file,
             "it would unpack to " + std::to_string(whole) + " bytes, more than " + std::to_string(kRatio) + " times its own");
    idx.bytes = gunzip(packed, whole + 1, file);
    if (idx.bytes.size() < whole) held(std::to_string(idx.bytes.size() - header));
    if (idx.bytes.size() > whole) held("more than " + std::to_string(total));
    return idx;
  } catch (const std::runtime_error& error) {
    broken(file, error.what());
  }
}

std::vector<std::string> category_names(const std::vector<std::string>& labels, std::size_t used, const fs::path& folder) {
  if (!labels.empty() && labels.size() < used) {
    throw runtime::Error("InvalidDataset.idx_labels",
                         {{"found", std::to_string(labels.size())}, {"wanted", std::to_string(used)}, {"path", folder.string()}});
  }
  std::vector<std::string> names = labels;
  while (names.size() < used) names.push_back(std::to_string(names.size()));
  return names;
}

}  // namespace

std::optional<ImageSource> idx(const SourceOptions& options) {
  const fs::path folder = only_folder(options.path);
  const std::string prefix = options.subset == "test" ? "t10k" : "train", other = prefix == "train" ? "t10k" : "train";
  const auto images = find_file(folder, prefix, "images-idx3");
  const bool others = find_file(folder, other, "images-idx3").has_value();
  if (!images && !others) return std::nullopt;
  const fs::path image_file = images.value_or(folder / (prefix + "-images-idx3-ubyte.gz"));
  const fs::path label_file = find_file(folder, prefix, "labels-idx1").value_or(folder / (prefix + "-labels-idx1-ubyte.gz"));
  IdxFile image_data = read_idx(image_file, 3);
  const IdxFile label_data = read_idx(label_file, 1);
  const std::string& labels = label_data.bytes;
  const std::vector<std::size_t> sizes = image_data.sizes;
  const auto pixels = std::make_shared<const std::string>(std::move(image_data.bytes));
  const std::size_t count = label_data.sizes[0], height = sizes[1], width = sizes[2];
  if (count != sizes[0])
    broken(label_file, "it holds " + std::to_string(count) + " labels for " + std::to_string(sizes[0]) + " images");
  if (height * width > static_cast<std::size_t>(kMaxPixels)) broken(image_file, "its images are too large");

  ImageSource source;
  if (options.log && others) options.log->info("The images of the other subset, " + other + ", are not taken");
  std::size_t used = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::uint8_t>(labels[8 + i]);
    used = std::max<std::size_t>(used, label + 1u);
    source.items.push_back({std::to_string(i) + ".png", label, image_file.string() + ", image " + std::to_string(i)});
  }
  source.categories = category_names(options.labels, used, folder);
  source.read = [pixels, height, width](std::size_t i) {
    const auto* image = reinterpret_cast<const std::uint8_t*>(pixels->data() + 16 + i * height * width);
    return encode_png({image, height * width}, static_cast<int>(width), static_cast<int>(height), 1);
  };
  return source;
}

}  // namespace torchport::datasets
