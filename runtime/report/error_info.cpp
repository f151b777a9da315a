#include "runtime/report/error_info.h"

namespace torchport::runtime {
namespace {

constexpr int kLibraryException = 1000;
constexpr std::size_t kLongestInfo = 9000, kCutMessage = 4096;  ///< the original's limits, in characters

/// "Library Error - std::bad_alloc: ..." is of the class std::bad_alloc, which is the ErrorId of such errors.
std::string error_id(const Error& error) {
  constexpr std::string_view prefix = "Library Error - ";
  const std::string message = error.what();
  if (error.code() != kLibraryException || !message.starts_with(prefix)) return error.id();
  const std::size_t end = message.find(": ", prefix.size());
  return message.substr(prefix.size(), end == message.npos ? end : end - prefix.size());
}

std::string dump(const std::string& id, const Error& error, const std::string& message) {
  const nlohmann::ordered_json exception = {
      {"ErrorId", id},
      {"ErrorCode", error.code()},
      {"ExceptionType", error.code() == kLibraryException ? "LibraryException" : "ModuleException"},
      {"Traceback", ""},
      {"Message", message}};
  const nlohmann::ordered_json info = {{"Exception", exception}};
  return info.dump(2, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string error_info(const std::vector<Error>& errors) {
  if (errors.empty()) return "{\n  \"Exception\": null\n}";
  const Error& first = errors.front();
  const std::string id = error_id(first);
  std::string message;
  for (const Error& error : errors) {
    if (!message.empty()) message += "\n";
    if (error.code() != kLibraryException) message += error.id() + ": ";
    message += std::string(error.what()) + ". " + error.hint();
  }
  std::string text = dump(id, first, message);
  if (text.size() >= kLongestInfo) text = dump(id, first, message.substr(0, kCutMessage));
  return text;
}

}  // namespace torchport::runtime
