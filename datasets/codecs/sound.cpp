#include "datasets/codecs/sound.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <system_error>

#include "datasets/codecs/bmp.h"
#include "datasets/codecs/decode.h"
#include "datasets/codecs/jpeg_segments.h"
#include "datasets/codecs/pnm.h"
#include "datasets/codecs/reader.h"

namespace torchport::datasets {
namespace {

using images::Reader;

/// An open file, of which the beginning is in memory.
class ImageFile {
 public:
  explicit ImageFile(const std::filesystem::path& path) {
    fd_ = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);  // O_NONBLOCK: a FIFO must not hang us
    if (fd_ < 0) fail();
    struct stat status {};
    if (fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
      close(fd_);
      throw ImageError("not a regular file");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  ~ImageFile() { close(fd_); }
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  std::uint64_t size() const { return size_; }
  /// Up to `count` bytes from `at` on: fewer where the file ends. \throws std::system_error
  std::string read(std::uint64_t at, std::size_t count) const {
    const std::uint64_t rest = size_ == 0 ? count : at < size_ ? size_ - at : 0;  // the kernel's own files have no size
    std::string bytes(std::min<std::uint64_t>(count, rest), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t got = pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(at + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail();
      if (got == 0) break;  // it was cut meanwhile
      done += static_cast<std::size_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

 private:
  [[noreturn]] static void fail() {
    // What is not there, or a chain of links without an end, is what the folder holds; anything else is the machine's.
    if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == ENXIO) throw ImageError(std::strerror(errno));
    throw std::system_error(errno, std::generic_category());
  }
  int fd_;
  std::uint64_t size_ = 0;
};

enum class Finding { sound, odd };

/// Whether a scan's data, which end with the image or with the next marker, have an end mark.
bool has_end_mark(std::string_view scans) {
  for (std::size_t at = scans.find('\xFF'); at != std::string_view::npos; at = scans.find('\xFF', at + 1)) {
    if (at + 1 < scans.size() && scans[at + 1] == '\xD9') return true;
  }
  return false;
}

Finding look_at_jpeg(const ImageFile& file, std::string_view head) {
  images::JpegSegments segments(head);
  while (segments.next() && segments.marker() != 0xDA) continue;
  if (segments.marker() != 0xDA || !segments.whole()) return Finding::odd;
  constexpr std::string_view kEnd = "\xFF\xD9";
  if (file.size() >= 2 && file.read(file.size() - 2, 2) == kEnd) return Finding::sound;
  // Cameras append films and notes.
  return has_end_mark(file.read(segments.end(), file.size())) ? Finding::sound : Finding::odd;
}

/// The chunks up to the end; the checksums of those that are in memory.
Finding look_at_png(const ImageFile& file, std::string_view head) {
  bool pixels = false;
  for (std::uint64_t at = 8;;) {
    const std::string beginning = file.size() - at < 12   ? std::string()
                                  : at + 8 <= head.size() ? std::string(head.substr(static_cast<std::size_t>(at), 8))
                                                          : file.read(at, 8);
    if (beginning.size() < 8) throw ImageError("PNG: premature end of data");
    const Reader in(beginning, "PNG", true);
    const std::uint64_t size = in.u32(0), end = at + 12 + size;
    if (end > file.size()) in.fail("premature end of data");
    if (end <= head.size()) {
      const auto* chunk = reinterpret_cast<const Bytef*>(head.data() + at + 4);
      const auto sum = static_cast<std::uint32_t>(crc32(0, chunk, static_cast<uInt>(4 + size)));
      if (sum != Reader(head, "PNG", true).u32(static_cast<std::size_t>(end) - 4)) return Finding::odd;
    }
    const std::string_view kind = in.text(4, 4);
    pixels = pixels || (kind == "IDAT" && size > 0);
    if (kind == "IEND") break;
    at = end;
  }
  return pixels ? Finding::sound : Finding::odd;
}

Finding look_at_bmp(const ImageFile& file, std::string_view head, const ImageHeader& header) {
  const images::BmpInfo info = images::bmp_info(head);
  if (info.compression == 1 || info.compression == 2) return Finding::odd;  // run lengths: their end is not known before
  const std::uint64_t size = std::uint64_t{info.stride(header.width)} * static_cast<std::uint64_t>(header.height);
  return info.pixels + size <= file.size() ? Finding::sound : Finding::odd;
}

/// The sizes that a WebP file gives of itself and of its chunks.
Finding look_at_webp(const ImageFile& file, std::string_view head) {
  const Reader in(head, "WebP", false);
  const std::uint64_t end = std::uint64_t{8} + in.u32(4);
  if (end > file.size()) in.fail("premature end of data");
  for (std::uint64_t at = 12; at + 8 <= end;) {
    const std::string beginning = file.read(at, 8);
    const std::uint64_t size = Reader(beginning, "WebP", false).u32(4);
    if (at + 8 + size > end) in.fail("premature end of data");
    at += 8 + size + size % 2;
  }
  return Finding::sound;
}

Finding look_at_pnm(const ImageFile& file, std::string_view head) {
  const std::uint64_t size = images::pnm_size(head);
  return size > 0 && size <= file.size() ? Finding::sound : Finding::odd;
}

Finding look_at(const ImageFile& file, std::string_view head, const ImageHeader& header) {
  switch (header.format) {
    case ImageFormat::jpeg:
      return look_at_jpeg(file, head);
    case ImageFormat::png:
      return look_at_png(file, head);
    case ImageFormat::bmp:
      return look_at_bmp(file, head, header);
    case ImageFormat::webp:
      return look_at_webp(file, head);
    case ImageFormat::pnm:
      return look_at_pnm(file, head);
    default:
      return Finding::odd;
  }
}

}  // namespace

ImageHeader check_image_file(const std::filesystem::path& path) {
  constexpr std::size_t kBeginning = 64 * 1024;
  const ImageFile file(path);
  if (file.size() > kMaxImageFile) throw ImageError("larger than " + std::to_string(kMaxImageFile) + " bytes");
  std::string head = file.read(0, kBeginning);
  ImageHeader header{};
  try {
    header = read_header(head);
  } catch (const OversizedImage&) {
    throw;
  } catch (const ImageError&) {  // a long profile before the header, or a TIFF file, whose header may be anywhere
    if (file.size() <= head.size()) throw;
    head = file.read(0, file.size());
    header = read_header(head);
  }
  if (look_at(file, head, header) == Finding::odd) {
    if (head.size() < file.size()) head = file.read(0, file.size());
    Pixels pixels;
    decode(head, pixels);
  }
  return header;
}

}  // namespace torchport::datasets
