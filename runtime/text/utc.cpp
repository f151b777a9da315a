#include "runtime/text/utc.h"

#include <cstdio>
#include <ctime>

#include "runtime/text/format.h"

namespace torchport::runtime {
namespace {

std::optional<double> seconds_of(const std::string& text) {
  std::tm utc{};
  int milliseconds = 0, length = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ%n", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                               &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &milliseconds, &length);
  if (read != 7 || static_cast<std::size_t>(length) != text.size()) return std::nullopt;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  return static_cast<double>(timegm(&utc)) + milliseconds / 1000.0;
}

}  // namespace

std::string utc_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return formatted("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                   utc.tm_sec, static_cast<int>(rest));
}

std::optional<double> seconds_between(const std::string& begin, const std::string& end) {
  const auto from = seconds_of(begin), to = seconds_of(end);
  return from && to ? std::optional(*to - *from) : std::nullopt;
}

}  // namespace torchport::runtime
