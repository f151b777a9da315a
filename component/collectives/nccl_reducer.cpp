#include "component/collectives/nccl_reducer.h"

#include <ATen/ops/zeros.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <array>
#include <chrono>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include "component/collectives/nccl_log.h"
#include "datasets/trace.h"
#include "runtime/clock.h"
#include "runtime/host_name.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"
#include "runtime/watch/standing.h"

namespace torchport::component {
namespace {

using runtime::Error;
using runtime::Fields;
using Clock = std::chrono::steady_clock;

constexpr const char* kInit = "ncclCommInitRank";
constexpr const char* kAllReduce = "all-reduce";
constexpr auto kPollInterval = std::chrono::microseconds(50);
constexpr double kTimeToAnswer = 5;  ///< seconds: ranks that wait for the same call give up at about the same time
constexpr auto kTimeToAbort = std::chrono::seconds(10);
constexpr std::int64_t kProbeElements = std::int64_t{16} << 20;
constexpr double kSlowBetweenMachines = 5e9;  ///< bytes per second: below it, NCCL goes by sockets where there may be better

c10::impl::VirtualGuardImpl guard_of(c10::Device device) { return c10::impl::VirtualGuardImpl(device.type()); }

cuda::NcclType type_of(const at::Tensor& flat) {
  if (flat.scalar_type() == at::kFloat) return cuda::NcclType::float32;
  if (flat.scalar_type() == at::kDouble) return cuda::NcclType::float64;
  if (flat.scalar_type() == at::kBFloat16) return cuda::NcclType::bfloat16;
  throw std::logic_error("NcclReducer: a tensor that is neither float32, float64 nor bfloat16");
}

/// Waits for nothing on the host: what is computed next on the current stream comes after the sum.
class PendingNcclSum : public PendingSum {
 public:
  PendingNcclSum(c10::Device device, c10::Stream of) : device_(device), done_(device.type()) { done_.record(of); }
  void wait() override { done_.block(guard_of(device_).getStream(device_)); }

 private:
  c10::Device device_;
  c10::Event done_;
};

}  // namespace

NcclReducer::NcclReducer(const cuda::Plugin& plugin, c10::Device device, runtime::Control& control, Roll& roll,
                         std::filesystem::path log)
    : plugin_(plugin),
      device_(device),
      control_(control),
      roll_(roll),
      log_(std::move(log)),
      stream_(guard_of(device).getStreamFromGlobalPool(device, /*isHighPriority=*/true)) {
  for (int rank = 0; rank < control.size(); ++rank) hosts_.push_back(control.broadcast_text(runtime::host_name(), rank));
  connect();
}

NcclReducer::~NcclReducer() { abort(); }

void NcclReducer::connect() {
  std::array<char, cuda::kNcclIdBytes> id{};
  control_.agree_on([&] {  // on every rank, as it is here that NCCL looks for a network
    if (plugin_.nccl.unique_id(id.data()) == 0) return;
    const std::string words = plugin_.nccl.last_error(), reason = words.empty() ? plugin_.error() : words;
    const bool of_network = reason.find("interface") != std::string::npos;
    const char* const named = std::getenv("NCCL_SOCKET_IFNAME");
    const std::string path = log_.string();
    if (!of_network)
      throw Error("FailedToCompleteOperation.nccl", {{"operation", "ncclGetUniqueId"}, {"reason", reason}, {"path", path}},
                  last_words(log_));
    throw Error("FailedToCompleteOperation.nccl_interface",
                {{"host", runtime::host_name()}, {"reason", reason}, {"named", named ? named : ""}, {"path", path}},
                last_words(log_));
  });
  control_.broadcast(id.data(), id.size(), 0);
  for (int rank = 0; rank < control_.size(); ++rank) interfaces_.push_back(control_.broadcast_text(network_interface(log_), rank));
  const runtime::InOperation here(kInit);
  const auto begun = Clock::now();
  int state = plugin_.nccl.init(&communicator_, control_.size(), id.data(), control_.rank());
  while (state == cuda::kNcclInProgress) {
    if (runtime::seconds_since(begun) > roll_.patience()) time_out(kInit, last_);
    std::this_thread::sleep_for(kPollInterval);
    state = plugin_.nccl.async_error(communicator_);
  }
  if (state != 0) fail(kInit, plugin_.error());
}

// A communicator that does not block may still be at the call before.
void NcclReducer::all_reduce(const at::Tensor& flat) {
  const auto begun = Clock::now();
  int state = plugin_.nccl.all_reduce(flat.mutable_data_ptr(), static_cast<std::size_t>(flat.numel()), type_of(flat), communicator_,
                                      stream_.native_handle());
  while (state == cuda::kNcclInProgress) {
    if (runtime::seconds_since(begun) > roll_.patience()) time_out(kAllReduce, last_);
    std::this_thread::sleep_for(kPollInterval);
    state = plugin_.nccl.async_error(communicator_);
  }
  if (state != 0) fail(kAllReduce, plugin_.error());
}

std::unique_ptr<PendingSum> NcclReducer::sum(const at::Tensor& flat) {
  if (flat.device() != device_ || !flat.is_contiguous())
    throw std::logic_error("NcclReducer: the tensor is not contiguous, or elsewhere");
  const std::lock_guard lock(mutex_);
  last_ = {last_.number + 1, static_cast<std::int64_t>(flat.nbytes())};
  const auto guard = guard_of(device_);
  c10::Event computed(device_.type());
  computed.record(guard.getStream(device_));
  computed.block(stream_);
  all_reduce(flat);
  guard.recordDataPtrOnStream(flat.storage().data_ptr(), stream_);
  return std::make_unique<PendingNcclSum>(device_, stream_);
}

void NcclReducer::begin_recording() {
  const std::lock_guard lock(mutex_);
  before_ = last_;
}

RecordedSums NcclReducer::end_recording() {
  const std::lock_guard lock(mutex_);
  const RecordedSums sums{last_.number - before_.number, last_.bytes};
  last_ = before_;
  return sums;
}

void NcclReducer::replayed(const RecordedSums& sums) {
  const std::lock_guard lock(mutex_);
  if (sums.count > 0) last_ = {last_.number + sums.count, sums.last_bytes};
}

WaitUntil NcclReducer::waiter() {
  const std::lock_guard lock(mutex_);
  return [this, last = last_](const std::function<bool()>& done) { wait_until(done, last); };
}

void NcclReducer::wait_until(const std::function<bool()>& done, const RollCall& last) {
  const datasets::Span span("wait for NCCL");
  const runtime::InOperation here("NCCL's all-reduce", last.number);
  const auto begun = Clock::now();
  while (!done()) {
    const int state = plugin_.nccl.async_error(communicator_);
    if (state != 0 && state != cuda::kNcclInProgress) fail(kAllReduce, plugin_.error());
    if (runtime::seconds_since(begun) > roll_.patience()) time_out(kAllReduce, last);
    std::this_thread::sleep_for(kPollInterval);
  }
}

double NcclReducer::measured_bandwidth() {
  const at::Tensor probe = at::zeros({kProbeElements}, at::TensorOptions(at::kFloat).device(device_));
  double seconds = 0;
  for (int i = 0; i < 2; ++i) {  // the first one connects
    control_.barrier();
    const auto begun = Clock::now();
    sum(probe)->wait();
    c10::Event over(device_.type());
    over.record(guard_of(device_).getStream(device_));
    waiter()([&] { return over.query(); });
    seconds = runtime::seconds_since(begun);
  }
  const double share = 2.0 * (size() - 1) / size();
  return share * static_cast<double>(probe.nbytes()) / seconds;
}

bool NcclReducer::spans_machines() const { return std::set<std::string>(hosts_.begin(), hosts_.end()).size() > 1; }

void NcclReducer::fail(const char* operation, const std::string& reason) {
  const std::string words = plugin_.nccl.last_error();
  abort();
  throw Error("FailedToCompleteOperation.nccl",
              {{"operation", operation}, {"reason", words.empty() ? reason : reason + ": " + words}, {"path", log_.string()}},
              last_words(log_));
}

// Who has not come is known from the ranks themselves, over MPI: those that wait for the same call say so.
void NcclReducer::time_out(const char* operation, const RollCall& last) {
  const auto answers = roll_.roll_call(last, kTimeToAnswer);
  abort();
  std::vector<std::string> missing;
  for (std::size_t rank = 0; rank < answers.size(); ++rank) {
    const auto& answer = answers[rank];
    const std::string place = "rank " + std::to_string(rank) + " (host " + hosts_[rank] + ")";
    if (answer && answer->number == last.number && answer->bytes != last.bytes) {
      throw Error("TimeoutOccured.mismatch",
                  {{"sequence", std::to_string(last.number)},
                   {"one", "rank " + std::to_string(control_.rank()) + " sums " + std::to_string(last.bytes) + " bytes"},
                   {"other", place + " " + std::to_string(answer->bytes) + " bytes"}});
    }
    if (!answer || answer->number < last.number) missing.push_back(place);
  }
  throw Error("TimeoutOccured.nccl",
              {{"operation", last.number == 0 ? operation : operation + (" number " + std::to_string(last.number))},
               {"seconds", runtime::formatted("%g", roll_.patience())},
               {"missing", missing.empty() ? "all processes came to it" : runtime::join(missing, ", ") + " did not come to it"},
               {"path", log_.string()}},
              with_interfaces(last_words(log_)));
}

// Where machines do not reach each other, the interface that one of them took is the reason more often than not.
std::vector<runtime::Detail> NcclReducer::with_interfaces(std::vector<runtime::Detail> rows) const {
  for (const auto& [host, interface] : interfaces()) rows.push_back({"NCCL on " + host, interface});
  return rows;
}

std::map<std::string, std::string> NcclReducer::interfaces() const {
  std::map<std::string, std::string> of_hosts;
  for (std::size_t rank = 0; rank < interfaces_.size(); ++rank)
    if (!interfaces_[rank].empty()) of_hosts.emplace(hosts_[rank], interfaces_[rank]);
  return of_hosts;
}

// NCCL's abort may hang itself: then its thread is left, and the process ends without it.
bool NcclReducer::abort() {
  if (communicator_ == nullptr) return true;
  auto* const communicator = std::exchange(communicator_, nullptr);
  auto done = std::make_shared<std::promise<void>>();
  auto over = done->get_future();
  std::thread([done, communicator, abort_it = plugin_.nccl.abort] {
    abort_it(communicator);
    done->set_value();
  }).detach();
  return over.wait_for(kTimeToAbort) == std::future_status::ready;
}

void tell_of_nccl(NcclReducer& reducer, runtime::Control& control, runtime::Log& log) {
  const double bandwidth = reducer.measured_bandwidth();
  const auto by = transports(reducer.log());
  std::vector<std::string> interfaces;
  for (const auto& [host, interface] : reducer.interfaces())
    interfaces.push_back(reducer.spans_machines() ? interface + " on " + host : interface);
  log.info(runtime::formatted("NCCL sums 64 MiB at %.1f GB/s", bandwidth / 1e9) +
           (by.empty() ? "" : ", by " + runtime::join(by, ", ")) +
           (interfaces.empty() ? "." : "; interface " + runtime::join(interfaces, ", ") + "."));
  if (!reducer.spans_machines() || bandwidth >= kSlowBetweenMachines || control.rank() != 0) return;
  log.warning(
      runtime::formatted("NCCL sums at %.1f GB/s between machines, which slows training down: below %.0f GB/s it goes by "
                         "sockets, or by a slow interface. NCCL_SOCKET_IFNAME names a better one; its log is '%s'.",
                         bandwidth / 1e9, kSlowBetweenMachines / 1e9, reducer.log().c_str()));
}

}  // namespace torchport::component
