// A file of TensorBoard's events, events.out.tfevents.*: records of protobuf messages with their lengths and checksums.
// Written by the sink tensorboard.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/files/files.h"
#include "runtime/report/events.h"

namespace torchport::tfevents {
class Event;
}

namespace torchport::runtime {

/// One record: length, its checksum, the bytes, their checksum; little-endian, the checksums masked CRC-32C.
std::string event_record(std::string_view bytes);

class EventFile {
 public:
  /// Begins a file that readers take for the newest in `folder`, which is made where it is absent. \throws Error
  /// FailedToWriteOutputs
  EventFile(const std::filesystem::path& folder, Time begun);
  /// At once in the file. \throws Error FailedToWriteOutputs
  void write(const tfevents::Event& event);
  /// \throws Error FailedToWriteOutputs
  void close() { file_.close(); }

 private:
  FileWriter file_;
};

/// The event files in a folder. Readers go through them in the order of these names.
std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder);

}  // namespace torchport::runtime
