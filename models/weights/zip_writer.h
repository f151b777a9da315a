// Writes a zip archive as torch lays it out: records stored, each one's data at a multiple of 64 bytes, one top folder.
// Called by write_state_dict; streams to a sink, so nothing but the directory is held in memory.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::models {

class ZipWriter {
 public:
  using Sink = std::function<void(const void*, std::size_t)>;
  /// Numbers from `zip64_from` on go into zip64 fields. Only tests give another value than the format's own.
  ZipWriter(Sink sink, std::string top, std::uint64_t zip64_from = 0xFFFFFFFF);
  void add(std::string_view name, const void* data, std::size_t size);
  /// Writes the directory. Without it the archive is unreadable.
  void finish();
  /// 40 digits that depend on all records so far, as torch's serialization_id does: equal contents have equal ids.
  std::string content_id() const;

 private:
  struct Entry {
    std::string name;
    std::uint64_t header = 0, size = 0;
    std::uint32_t crc = 0;
  };
  void emit(std::string_view bytes);

  Sink sink_;
  std::string top_;
  std::uint64_t zip64_from_, written_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace torchport::models
