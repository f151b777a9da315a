// JSON files that hold long lists of rows, read row by row, as people and Python's json write them: with a byte order mark, NaN and
// Infinity. Called by the readers of COCO files.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "runtime/text/json.h"

namespace torchport::runtime {

/// What becomes of a file whose top is an object.
class JsonRows {
 public:
  enum class Kind { list, object, other };
  virtual ~JsonRows() = default;
  /// A key at the top, and the kind of its value. Returns whether its rows are wanted.
  virtual bool section(const std::string& key, Kind kind) = 0;
  /// An element of the list, with null for NaN and Infinity. It is forgotten afterwards.
  virtual void row(const nlohmann::json& value) = 0;
};

/// Reads the text that `next` gives piece by piece, an empty piece at its end. The limits are those of a row. False where the top
/// is not an object: the rest is not read. \throws JsonError, and what `next` and `rows` throw
bool read_json_rows(const std::function<std::string_view()>& next, JsonRows& rows, const JsonLimits& limits);

}  // namespace torchport::runtime
