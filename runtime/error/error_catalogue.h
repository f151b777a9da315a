// The errors of spec/errors.yaml as C++ values: codes, exit statuses, sentences and hints. Read by Error and by the reference
// pages.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torchport::runtime {

/// One reason of an error id; `{name}` in its texts is filled in from the fields of an Error.
struct ErrorReason {
  std::string message, hint;
  int exit_status = 0;  ///< its own, or that of its id
};

/// One ErrorId of the designer with its reasons, in the order of the file.
struct ErrorEntry {
  std::string id, title;
  /// id + "Error", e.g. "InvalidDatasetError"; "UserError" and "LibraryException" are class names already.
  std::string class_name() const;
  int code = 0;
  int exit_status = 0;
  std::vector<std::pair<std::string, ErrorReason>> reasons;
};

/// spec/errors.yaml as a whole.
struct ErrorCatalogue {
  std::vector<ErrorEntry> entries;                         ///< in the order of the file, which is that of their codes
  std::vector<std::pair<int, std::string>> exit_statuses;  ///< what each exit status of the programs means
};

/// Parsed on first use.
const ErrorCatalogue& error_catalogue();

/// The entry and reason of "ErrorId.reason". \throws std::logic_error if there is none
std::pair<const ErrorEntry*, const ErrorReason*> find_error(std::string_view key);
bool has_error(std::string_view key);

}  // namespace torchport::runtime
