#include "runtime/error/current_errors.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "runtime/files/unreadable_file.h"

namespace torchport::runtime {
namespace {

namespace fs = std::filesystem;

Error out_of_memory(const std::string& reason) { return Error("ModuleOutOfMemory.memory", {{"reason", reason}}); }
Error unreadable(const fs::path& path, const std::string& reason) {
  return Error("CouldNotOpenFile.file", {{"path", path.string()}, {"reason", reason}});
}

/// What the system refused, by its number.
Error refused(const std::system_error& error, const fs::path& path, bool walking) {
  std::error_code gone;
  const bool nowhere = fs::current_path(gone).empty();
  if (nowhere && path.is_relative()) return Error("CouldNotOpenFile.current_folder", {{"reason", gone.message()}});
  const auto& category = error.code().category();
  if (category != std::generic_category() && category != std::system_category()) return as_bug(error);
  const std::string reason = error.code().message();
  switch (error.code().value()) {
    case ENOMEM:
      return out_of_memory(error.what());
    case EAGAIN:
      return Error("ModuleOutOfMemory.resource", {{"what", "a process or thread"}, {"reason", reason}});
    case EMFILE:
    case ENFILE:
      return Error("ModuleOutOfMemory.resource", {{"what", "a file"}, {"reason", reason}});
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EFBIG:
      return Error("FailedToWriteOutputs.file", {{"path", path.string()}, {"reason", reason}});
    default:
      if (!path.empty()) return unreadable(path, reason);
      // The standard library forgets the path where a folder's next entry cannot be read.
      return walking ? Error("CouldNotOpenFile.folder", {{"reason", reason}}) : as_bug(error);
  }
}

}  // namespace

std::vector<Error> current_errors() {
  try {
    throw;
  } catch (const Error& error) {
    return {error};
  } catch (const Errors& errors) {
    return errors.all();
  } catch (const std::bad_alloc&) {
    return {out_of_memory("an allocation failed")};
  } catch (const UnreadableFile& error) {
    return {unreadable(error.path(), error.what())};
  } catch (const fs::filesystem_error& error) {
    return {refused(error, error.path1(), /*walking=*/true)};
  } catch (const std::system_error& error) {
    return {refused(error, "", /*walking=*/false)};
  } catch (const std::exception& error) {
    return {as_bug(error)};
  }
}

}  // namespace torchport::runtime
