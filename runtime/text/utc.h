// Points in time as records have them. Written by the records of runs, and read where runs are listed.
#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace torchport::runtime {

/// UTC with milliseconds, which sorts as text: 2026-11-24T01:02:03.456Z
std::string utc_text(std::chrono::system_clock::time_point time = std::chrono::system_clock::now());

/// The seconds between two such texts; nothing where one is another.
std::optional<double> seconds_between(const std::string& begin, const std::string& end);

}  // namespace torchport::runtime
