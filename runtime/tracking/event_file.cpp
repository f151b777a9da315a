#include "runtime/tracking/event_file.h"

#include <events.pb.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>

#include "runtime/files/refused_file.h"
#include "runtime/host_name.h"
#include "runtime/report/figures.h"
#include "runtime/text/format.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";

/// CRC-32C, as TensorFlow masks it, so that a checksum of bytes with checksums in them is none of the usual ones.
std::uint32_t masked_checksum(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const std::uint32_t sum = crc.checksum();
  return ((sum >> 15) | (sum << 17)) + 0xA282EAD8U;
}

template <class Integer>
void append(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

/// The seconds in the name of an event file, by which readers know the newest.
std::int64_t seconds_in(const fs::path& file) {
  std::int64_t seconds = 0;
  const std::string name = file.filename().string();
  std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), seconds);
  return seconds;
}

/// A name behind all others of the folder, even where two runs begin within a second or a clock was put back.
fs::path next_name(const fs::path& folder, Time begun) {
  auto seconds = static_cast<std::int64_t>(seconds_of(begun));
  for (const fs::path& file : event_files(folder)) seconds = std::max(seconds, seconds_in(file) + 1);
  return folder / (std::string(kPrefix) + formatted("%010lld", static_cast<long long>(seconds)) + "." + host_name() + "." +
                   std::to_string(getpid()) + ".0");
}

const fs::path& made(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse_writing(folder, error.value());
  return folder;
}

}  // namespace

std::string event_record(std::string_view bytes) {
  std::string record;
  record.reserve(bytes.size() + 16);
  append(record, static_cast<std::uint64_t>(bytes.size()));
  append(record, masked_checksum(record));
  record += bytes;
  append(record, masked_checksum(bytes));
  return record;
}

EventFile::EventFile(const fs::path& folder, Time begun) : file_(next_name(made(folder), begun)) {
  tfevents::Event version;
  version.set_wall_time(seconds_of(begun));
  version.set_file_version("brain.Event:2");
  write(version);
}

void EventFile::write(const tfevents::Event& event) { file_.write(event_record(event.SerializeAsString())); }

std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; entry != end; entry.increment(ignored))
    if (entry->path().filename().string().starts_with(kPrefix)) found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace torchport::runtime
