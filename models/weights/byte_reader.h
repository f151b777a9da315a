// Reads little-endian numbers and runs of bytes from memory, never beyond its end.
// Used by the zip and pickle readers, whose input may be hostile.
#pragma once
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// A position in `bytes`, which must outlive it. `what` names the bytes in errors, e.g. "data.pkl".
class ByteReader {
 public:
  ByteReader(std::string_view bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  /// The next `count` bytes. \throws StateDictError if fewer are left
  std::string_view take(std::size_t count) {
    if (count > remaining()) {
      throw StateDictError(std::string(what_) + " ends at byte " + std::to_string(bytes_.size()) + ", within an item");
    }
    position_ += count;
    return bytes_.substr(position_ - count, count);
  }

  /// The next sizeof(T) bytes as a little-endian number, on hosts of either byte order.
  template <std::unsigned_integral T>
  T number() {
    T value = 0;
    const auto bytes = take(sizeof(T));
    for (std::size_t i = sizeof(T); i-- > 0;)
      value = static_cast<T>((std::uint64_t{value} << 8) | static_cast<unsigned char>(bytes[i]));
    return value;
  }

 private:
  std::string_view bytes_, what_;
  std::size_t position_ = 0;
};

}  // namespace torchport::models
