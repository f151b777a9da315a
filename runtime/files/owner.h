// Which process a lock or a leftover belongs to, and whether that process lives. Written into reservations of outputs.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace torchport::runtime {

/// A process, told from all others: its number may be another's after a while, but not with the same start on the same boot.
struct Owner {
  std::string host, boot;
  std::int64_t process = 0, start = 0;
  bool operator==(const Owner&) const = default;
  static Owner self();
  /// "process 1234 on node7"
  std::string text() const;
  nlohmann::json json() const;
  /// Nothing where the JSON is of no owner.
  static std::optional<Owner> from(const nlohmann::json& json);
};

enum class Life { alive, dead, elsewhere };

/// `elsewhere`: on another machine, where nothing can be said of it.
Life life_of(const Owner& owner);

}  // namespace torchport::runtime
