#include "models/weights/zip_writer.h"

#include <zlib.h>

#include "models/weights/zip_format.h"

namespace torchport::models {
namespace {

constexpr std::uint64_t kAlignment = 64;  // torch's, so that a mapped file's tensors are aligned
constexpr std::size_t kExtraHead = 4;     // id and length of an extra field

/// Bytes in the making, numbers little-endian.
class Bytes {
 public:
  template <std::unsigned_integral T>
  Bytes& number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) text_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  Bytes& u16(std::uint64_t value) { return number(static_cast<std::uint16_t>(value)); }
  Bytes& u32(std::uint64_t value) { return number(static_cast<std::uint32_t>(value)); }
  Bytes& u64(std::uint64_t value) { return number(value); }
  Bytes& text(std::string_view text) { return text_ += text, *this; }
  const std::string& str() const { return text_; }

 private:
  std::string text_;
};

std::uint64_t fnv1a(std::uint64_t hash, std::string_view text) {
  for (const unsigned char c : text) hash = (hash ^ c) * 0x100000001b3u;
  return hash;
}

}  // namespace

ZipWriter::ZipWriter(Sink sink, std::string top, std::uint64_t zip64_from)
    : sink_(std::move(sink)), top_(std::move(top) + "/"), zip64_from_(zip64_from) {}

void ZipWriter::emit(std::string_view bytes) {
  sink_(bytes.data(), bytes.size());
  written_ += bytes.size();
}

void ZipWriter::add(std::string_view name, const void* data, std::size_t size) {
  const auto crc = static_cast<std::uint32_t>(crc32_z(0, static_cast<const Bytef*>(data), size));
  const Entry& entry = entries_.emplace_back(Entry{top_ + std::string(name), written_, size, crc});
  const bool wide = size >= zip64_from_;
  Bytes extra;
  if (wide) extra.u16(zip::kZip64Extra).u16(16).u64(size).u64(size);
  // The field "FB", which torch uses too, pads the header so that the data is aligned.
  const auto begin = written_ + zip::kHeaderSize + entry.name.size() + extra.str().size() + kExtraHead;
  const auto padding = (kAlignment - begin % kAlignment) % kAlignment;
  extra.text("FB").u16(padding).text(std::string(padding, 'Z'));
  Bytes header;
  header.u32(zip::kHeaderSignature).u16(wide ? zip::kVersion64 : zip::kVersion).u16(zip::kUtf8Flag).u16(zip::kStored);
  header.u16(0).u16(zip::kFirstDate).u32(crc).u32(wide ? zip::kMax32 : size).u32(wide ? zip::kMax32 : size);
  header.u16(entry.name.size()).u16(extra.str().size()).text(entry.name).text(extra.str());
  emit(header.str());
  emit({static_cast<const char*>(data), size});
}

void ZipWriter::finish() {
  const auto begin = written_;
  for (const Entry& entry : entries_) {
    const bool wide = entry.size >= zip64_from_, far = entry.header >= zip64_from_;
    Bytes extra;
    if (wide || far) extra.u16(zip::kZip64Extra).u16((wide ? 16u : 0u) + (far ? 8u : 0u));
    if (wide) extra.u64(entry.size).u64(entry.size);
    if (far) extra.u64(entry.header);
    const auto size = wide ? zip::kMax32 : entry.size;
    const auto version = wide || far ? zip::kVersion64 : zip::kVersion;
    Bytes row;
    row.u32(zip::kEntrySignature).u16(version).u16(version).u16(zip::kUtf8Flag).u16(zip::kStored).u16(0).u16(zip::kFirstDate);
    row.u32(entry.crc).u32(size).u32(size).u16(entry.name.size()).u16(extra.str().size());
    row.u16(0).u16(0).u16(0).u32(0).u32(far ? zip::kMax32 : entry.header).text(entry.name).text(extra.str());
    emit(row.str());
  }
  const auto end = written_, size = end - begin;
  const std::uint64_t count = entries_.size();
  const bool wide = count >= zip::kMax16 || begin >= zip64_from_ || size >= zip64_from_;
  Bytes tail;
  if (wide) {
    tail.u32(zip::kEnd64Signature).u64(zip::kEnd64Size - 12).u16(zip::kVersion64).u16(zip::kVersion64).u32(0).u32(0);
    tail.u64(count).u64(count).u64(size).u64(begin).u32(zip::kLocatorSignature).u32(0).u64(end).u32(1);
  }
  const auto narrow_count = wide ? zip::kMax16 : count;
  tail.u32(zip::kEndSignature).u16(0).u16(0).u16(narrow_count).u16(narrow_count);
  tail.u32(wide ? zip::kMax32 : size).u32(wide ? zip::kMax32 : begin).u16(0);
  emit(tail.str());
}

std::string ZipWriter::content_id() const {
  std::uint64_t names = 0xcbf29ce484222325u, contents = names;  // FNV-1a
  for (const Entry& entry : entries_) {
    names = fnv1a(names, entry.name);
    contents = fnv1a(contents, std::to_string(entry.crc));
  }
  const auto digits = [](std::uint64_t number) {
    const auto text = std::to_string(number);
    return std::string(20 - text.size(), '0') + text;
  };
  return digits(names) + digits(contents);
}

}  // namespace torchport::models
