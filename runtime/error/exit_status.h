// The exit statuses by which torchport decides; spec/errors.yaml says what each of all means to users. Used by who ends a process
// and who sees one end.
#pragma once

namespace torchport::runtime {

inline constexpr int kStorageFull = 11;  ///< of FailedToWriteOutputs
inline constexpr int kOutOfMemory = 12;  ///< of ModuleOutOfMemory
inline constexpr int kPeerLost = 13;     ///< of TimeoutOccured
inline constexpr int kCanGoOn = 75;      ///< stopped, with a checkpoint saved

}  // namespace torchport::runtime
