// A line of the driver log, written and read. Written by the log; read where a program shows only some of what another logs.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace torchport::runtime {

struct LogLine {
  std::string_view level, message;  ///< "INFO"; without the bars of the blocks around it
};

/// Everything before the message, in the designer's format: "2026-11-29 20:58:56,123 studio.core          INFO       ".
std::string log_line_head(std::string_view time, std::string_view level);

/// The parts of a line without its end, or nothing where it is something else.
std::optional<LogLine> read_log_line(std::string_view line);

/// Control characters made visible, but for the tabs that part the fields of an iteration line.
std::string printable(std::string_view message);

inline constexpr std::string_view kBlockBar = "|   ";  ///< in front of a message, once for each block around it

}  // namespace torchport::runtime
