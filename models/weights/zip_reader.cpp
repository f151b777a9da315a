#include "models/weights/zip_reader.h"

#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "models/weights/byte_reader.h"
#include "models/weights/zip_format.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

constexpr std::size_t kMaxRecords = 100'000;  // the largest network here has 1,214

[[noreturn]] void refuse(const std::string& reason) { throw StateDictError(reason); }

std::string quoted(std::string_view name) { return "'" + runtime::visible(name.substr(0, 100)) + "'"; }

/// Where the central directory lies.
struct Directory {
  std::uint64_t begin = 0, size = 0, records = 0;
};

/// A record as the central directory has it.
struct Entry {
  std::string_view name;
  std::uint64_t header = 0, size = 0;
  std::uint32_t crc = 0;
  std::uint16_t flags = 0;
};

/// The zip64 form of the end record, which torch always writes: it lies directly before its locator.
Directory read_zip64_end(std::string_view archive, std::size_t locator) {
  ByteReader at(archive.substr(locator, zip::kLocatorSize), "the zip64 locator");
  at.take(4);
  const auto disk = at.number<std::uint32_t>();
  const auto end = at.number<std::uint64_t>();
  const auto disks = at.number<std::uint32_t>();
  if (disk != 0 || disks != 1 || locator < zip::kEnd64Size || end != locator - zip::kEnd64Size)
    refuse("the zip64 locator is wrong");
  ByteReader record(archive.substr(end, zip::kEnd64Size), "the zip64 end record");
  const bool signed_well = record.number<std::uint32_t>() == zip::kEnd64Signature;
  const bool sized_well = record.number<std::uint64_t>() == zip::kEnd64Size - 12;
  record.take(4);  // versions
  const bool one_disk = record.number<std::uint64_t>() == 0;
  Directory directory;
  directory.records = record.number<std::uint64_t>();
  const bool all_here = record.number<std::uint64_t>() == directory.records;
  directory.size = record.number<std::uint64_t>();
  directory.begin = record.number<std::uint64_t>();
  if (!signed_well || !sized_well || !one_disk || !all_here) refuse("the zip64 end record is wrong");
  if (directory.begin > end || directory.size != end - directory.begin) refuse("the zip directory does not end at its end record");
  return directory;
}

/// Whether a 16 or 32-bit field says `value`, or that zip64 says it.
template <class T>
bool says(T field, std::uint64_t value) {
  return field == value || field == std::numeric_limits<T>::max();
}

Directory find_directory(std::string_view archive) {
  if (archive.starts_with('\x80')) refuse("it is a bare pickle, not the zip archive that torch 1.6 and later write");
  if (!archive.starts_with("PK\x03\x04")) refuse("it is not a zip archive");
  const std::size_t end = archive.size() < zip::kEndSize ? 0 : archive.size() - zip::kEndSize;
  ByteReader record(archive.substr(end), "the zip end record");
  if (record.number<std::uint32_t>() != zip::kEndSignature) refuse("the zip archive is cut off or followed by other bytes");
  const auto disks = record.number<std::uint32_t>();  // two 16-bit numbers, both 0
  const auto records_here = record.number<std::uint16_t>();
  const auto records = record.number<std::uint16_t>();
  const auto size = record.number<std::uint32_t>();
  const auto begin = record.number<std::uint32_t>();
  const auto comment = record.number<std::uint16_t>();
  if (disks != 0 || records_here != records || comment != 0) refuse("the zip end record is wrong");
  if (end >= zip::kLocatorSize && archive.substr(end - zip::kLocatorSize).starts_with("PK\x06\x07")) {
    const auto directory = read_zip64_end(archive, end - zip::kLocatorSize);
    if (!says(records, directory.records) || !says(size, directory.size) || !says(begin, directory.begin)) {
      refuse("the two zip end records differ");
    }
    return directory;
  }
  if (begin > end || size != end - begin) refuse("the zip directory does not end at its end record");
  return {begin, size, records};
}

/// Puts the 64-bit values of the zip64 extra field into those `fields` that hold 0xFFFFFFFF, in this order.
void read_zip64_extra(std::string_view extra, std::initializer_list<std::uint64_t*> fields, std::string_view name) {
  if (std::none_of(fields.begin(), fields.end(), [](auto field) { return *field == zip::kMax32; })) return;
  ByteReader all(extra, "an extra field of the zip archive");
  while (all.remaining() > 0) {
    const auto id = all.number<std::uint16_t>();
    const auto body = all.take(all.number<std::uint16_t>());
    if (id != zip::kZip64Extra) continue;
    ByteReader values(body, "a zip64 extra field");
    for (auto field : fields) {
      if (*field == zip::kMax32) *field = values.number<std::uint64_t>();
    }
    return;
  }
  refuse("the record " + quoted(name) + " lacks its zip64 sizes");
}

Entry read_entry(ByteReader& directory) {
  if (directory.number<std::uint32_t>() != zip::kEntrySignature) refuse("the zip directory holds something else than records");
  Entry entry;
  directory.take(4);  // versions
  entry.flags = directory.number<std::uint16_t>();
  const auto method = directory.number<std::uint16_t>();
  directory.take(4);  // time and date
  entry.crc = directory.number<std::uint32_t>();
  std::uint64_t stored = directory.number<std::uint32_t>();
  entry.size = directory.number<std::uint32_t>();
  const auto name_size = directory.number<std::uint16_t>();
  const auto extra_size = directory.number<std::uint16_t>();
  const auto comment_size = directory.number<std::uint16_t>();
  const auto disk = directory.number<std::uint16_t>();
  directory.take(6);  // attributes
  entry.header = directory.number<std::uint32_t>();
  entry.name = directory.take(name_size);
  read_zip64_extra(directory.take(extra_size), {&entry.size, &stored, &entry.header}, entry.name);
  if (method != zip::kStored) refuse("the record " + quoted(entry.name) + " is compressed, which torch never does");
  if (entry.flags & ~(zip::kDescriptorFlag | zip::kUtf8Flag))
    refuse("the record " + quoted(entry.name) + " is encrypted or patched");
  if (stored != entry.size || comment_size != 0 || disk != 0) refuse("the zip directory is wrong at " + quoted(entry.name));
  return entry;
}

/// The data of `entry`, whose local header, data and descriptor must fill exactly `span`.
std::string_view read_data(std::string_view span, const Entry& entry) {
  const auto wrong = [&] { refuse("the record " + quoted(entry.name) + " is not what the zip directory says"); };
  ByteReader at(span, "a record of the zip archive");
  if (at.number<std::uint32_t>() != zip::kHeaderSignature) wrong();
  at.take(2);                                             // version
  const bool later = entry.flags & zip::kDescriptorFlag;  // CRC and sizes follow the data, and may be 0 in the header
  const auto flags = at.number<std::uint16_t>();
  const auto method = at.number<std::uint16_t>();
  at.take(4);  // time and date
  const auto crc = at.number<std::uint32_t>();
  std::uint64_t stored = at.number<std::uint32_t>(), size = at.number<std::uint32_t>();
  const auto name_size = at.number<std::uint16_t>();
  const auto extra_size = at.number<std::uint16_t>();
  const auto name = at.take(name_size);
  read_zip64_extra(at.take(extra_size), {&size, &stored}, entry.name);
  const bool absent = later && crc == 0 && size == 0 && stored == 0;
  const bool equal = crc == entry.crc && size == entry.size && stored == entry.size;
  if (flags != entry.flags || method != zip::kStored || name != entry.name || !(absent || equal)) wrong();
  const auto data = at.take(entry.size);
  if (later) {
    const bool wide = at.remaining() == zip::kDescriptorSize64;
    if (!wide && at.remaining() != zip::kDescriptorSize) wrong();
    if (at.number<std::uint32_t>() != zip::kDescriptorSignature || at.number<std::uint32_t>() != entry.crc) wrong();
    for (int i = 0; i < 2; ++i) {
      if ((wide ? at.number<std::uint64_t>() : at.number<std::uint32_t>()) != entry.size) wrong();
    }
  }
  if (at.remaining() != 0) wrong();
  return data;
}

/// Refuses the first record whose checksum is wrong; entry `i` is record `i`'s. On two threads, as this is half of the reading of a
/// state dict.
void check_sums(const std::vector<Entry>& entries, const std::vector<ZipRecord>& records) {
  std::atomic<std::size_t> next = 0;
  const auto first_damaged = [&] {
    for (std::size_t i = next++; i < entries.size(); i = next++) {
      const std::string_view data = records[i].data;
      if (crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()) != entries[i].crc) return i;
    }
    return entries.size();
  };
  auto of_other_thread = std::async(std::launch::async, first_damaged);
  const std::size_t here = first_damaged(), damaged = std::min(here, of_other_thread.get());
  if (damaged < entries.size()) refuse("the record " + quoted(entries[damaged].name) + " is damaged: its checksum is wrong");
}

/// `name` without the top folder. Every part must be a plain name: no "..", no absolute path, no control character.
std::string_view inner_name(std::string_view name, std::string_view top) {
  const auto bad = [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '\\'; };
  bool plain = name.size() <= 1024 && name.starts_with(top) && std::none_of(name.begin(), name.end(), bad);
  for (std::size_t begin = 0; plain && begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    plain = !part.empty() && part != "." && part != "..";
    begin = end + 1;
  }
  if (!plain) refuse("the record " + quoted(name) + " lies outside of the archive's top folder");
  return name.substr(top.size());
}

}  // namespace

std::vector<ZipRecord> read_zip(std::string_view archive) {
  const auto directory = find_directory(archive);
  if (directory.records == 0 || directory.records > kMaxRecords)
    refuse("the zip archive holds " + std::to_string(directory.records) + " records");
  ByteReader reader(archive.substr(directory.begin, directory.size), "the zip directory");
  std::vector<Entry> entries;
  while (entries.size() < directory.records) entries.push_back(read_entry(reader));
  if (reader.remaining() != 0) refuse("the zip directory holds more than its records");
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.header < b.header; });

  const auto top = entries.front().name.substr(0, entries.front().name.find('/') + 1);
  if (top.empty()) refuse("the record " + quoted(entries.front().name) + " lies in no folder");
  if (entries.front().header != 0) refuse("the zip archive does not begin with a record");
  std::vector<ZipRecord> records;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto begin = entries[i].header, end = i + 1 < entries.size() ? entries[i + 1].header : directory.begin;
    if (end < begin || end > directory.begin) refuse("the record " + quoted(entries[i].name) + " lies outside of the archive");
    records.push_back({inner_name(entries[i].name, top), read_data(archive.substr(begin, end - begin), entries[i])});
  }
  check_sums(entries, records);
  std::sort(records.begin(), records.end(), [](const ZipRecord& a, const ZipRecord& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(records.begin(), records.end(), [](const ZipRecord& a, const ZipRecord& b) { return a.name == b.name; });
  if (twice != records.end()) refuse("the record " + quoted(twice->name) + " is there twice");
  return records;
}

}  // namespace torchport::models
