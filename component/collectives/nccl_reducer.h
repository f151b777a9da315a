// Sums of tensors on GPUs by NCCL, on a stream of its own, so that they overlap with the backward pass. Made by make_reducer();
// whatever can be known to be wrong before is found by gpu_facts.h.
#pragma once
#include <c10/core/Stream.h>

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "component/collectives/reducer.h"
#include "component/collectives/roll.h"
#include "component/cuda/plugin.h"
#include "component/training/device.h"
#include "runtime/report/log.h"

namespace torchport::component {

class NcclReducer : public Reducer {
 public:
  /// What the ranks know of each other goes by `control` and `roll`, which must outlive this; `log` is NCCL's own. All ranks come
  /// here. \throws Error FailedToCompleteOperation.nccl_interface, nccl, TimeoutOccured.nccl
  NcclReducer(const cuda::Plugin& plugin, c10::Device device, runtime::Control& control, Roll& roll, std::filesystem::path log);
  ~NcclReducer() override;
  NcclReducer(const NcclReducer&) = delete;
  NcclReducer& operator=(const NcclReducer&) = delete;

  int size() const override { return control_.size(); }
  /// \pre `flat` is float32, float64 or bfloat16, contiguous, and lies on the device
  std::unique_ptr<PendingSum> sum(const at::Tensor& flat) override;
  void begin_recording() override;
  RecordedSums end_recording() override;
  void replayed(const RecordedSums& sums) override;
  /// Waits for what depends on the sums handed in so far, by call or by replay, and on none after them.
  /// \throws Error, when called, FailedToCompleteOperation.nccl where NCCL reports a fault, TimeoutOccured.nccl,
  /// TimeoutOccured.mismatch where the time is over
  WaitUntil waiter();

  /// Sums 64 MiB twice and returns the second one's bandwidth on each link of a ring, in bytes per second.
  double measured_bandwidth();
  /// What NCCL reaches other machines by, e.g. "eth0:10.0.0.7", of each machine whose log says so.
  std::map<std::string, std::string> interfaces() const;
  /// Whether the ranks are on several machines.
  bool spans_machines() const;
  const std::filesystem::path& log() const { return log_; }

 private:
  void connect();
  void all_reduce(const at::Tensor& flat);
  [[noreturn]] void fail(const char* operation, const std::string& reason);
  void wait_until(const std::function<bool()>& done, const RollCall& last);
  [[noreturn]] void time_out(const char* operation, const RollCall& last);
  std::vector<runtime::Detail> with_interfaces(std::vector<runtime::Detail> rows) const;
  bool abort();

  const cuda::Plugin& plugin_;
  const c10::Device device_;
  runtime::Control& control_;
  Roll& roll_;
  const std::filesystem::path log_;
  std::vector<std::string> hosts_, interfaces_;  // of each rank
  c10::Stream stream_;
  void* communicator_ = nullptr;
  std::mutex mutex_;  // sums come from the backward pass's thread
  RollCall last_;     // the sum handed in last
  RollCall before_;   // the same when recording began
};

/// Tells how fast sums are, by which interface and transports they go, and warns where that is slower than it should be.
void tell_of_nccl(NcclReducer& reducer, runtime::Control& control, runtime::Log& log);

}  // namespace torchport::component
