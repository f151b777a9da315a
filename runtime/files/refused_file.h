// What the system's refusal to read or write a file means: where the process may have no more files or memory, nothing is wrong
// with the file. Whoever opens, reads or writes files throws by it.
#pragma once
#include <filesystem>

namespace torchport::runtime {

/// `error` is the system's number. \throws UnreadableFile; Error ModuleOutOfMemory.resource, ModuleOutOfMemory.memory
[[noreturn]] void refuse_reading(const std::filesystem::path& path, int error);
/// `error` is the system's number. \throws Error FailedToWriteOutputs.file, ModuleOutOfMemory.resource, ModuleOutOfMemory.memory
[[noreturn]] void refuse_writing(const std::filesystem::path& path, int error);
/// Of the place of an output. \throws Error InvalidPathForDirectoryCreation.disk where the disk is at fault, else .output
[[noreturn]] void refuse_output(const std::filesystem::path& path, int error);

}  // namespace torchport::runtime
