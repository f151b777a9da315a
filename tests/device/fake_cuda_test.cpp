// The stand-in for a GPU sees what tests of the device rely on.
#include "tests/support/fake_cuda.h"

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "models/nn/classifier.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;
using test::fake_cuda::counts;

namespace {

const at::Device kDevice("cuda:0");

// The signal that ends a copy of this process which does `action`; 0 if it ends by itself.
int signal_of(const std::function<void()>& action) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGSEGV, SIG_DFL);
    std::signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    action();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

std::string fault_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
  return "none";
}

}  // namespace

TEST_CASE("fake device: LibTorch takes it for a GPU", "[fake_cuda]") {
  CHECK(torch::cuda::is_available());
  CHECK(torch::cuda::device_count() == 1);
  const at::Tensor there = at::arange(6, at::kFloat).to(kDevice);
  CHECK(there.is_cuda());
  CHECK(at::equal((there * 2 + 1).cpu(), at::arange(6, at::kFloat) * 2 + 1));
}

TEST_CASE("fake device: the host cannot read its memory", "[fake_cuda]") {
  const at::Tensor there = at::ones({4}).to(kDevice);
  CHECK(signal_of([&] { [[maybe_unused]] const volatile float value = there.const_data_ptr<float>()[1]; }) == SIGSEGV);
  CHECK(signal_of([&] { [[maybe_unused]] const volatile float value = there.cpu().const_data_ptr<float>()[1]; }) == 0);
}

TEST_CASE("fake device: tensors of the host are refused, and named", "[fake_cuda]") {
  auto network = models::make_classifier(test::model_spec("resnet18"), 10, 7);
  network->to(kDevice);
  const at::Tensor images = at::zeros({2, 3, 64, 64}), labels = at::zeros({2}, at::kLong);
  CHECK(fault_of([&] { network->forward(images); }) == "convolution: the input is on cpu, the weight on cuda:0");
  const std::string fault = fault_of([&] { at::cross_entropy_loss(network->forward(images.to(kDevice)), labels); });
  CHECK(fault == "aten::nll_loss_forward: argument 'target' is on cpu, not on the device");
}

TEST_CASE("fake device: what a GPU's host waits for is counted", "[fake_cuda]") {
  using Waits = std::vector<std::string>;
  const at::Tensor there = at::ones({4}).to(kDevice), host = at::ones({4}), pinned = host.pin_memory();
  const auto waits_of = [&](const std::function<void()>& action) {
    test::fake_cuda::reset();
    action();
    return counts().waits;
  };
  CHECK(waits_of([&] { at::relu(there + 1); }).empty());
  CHECK(counts().operations == 2);
  CHECK(waits_of([&] { there[0].item<float>(); }) == Waits{"item()"});
  CHECK(waits_of([&] { at::equal(there, there); }) == Waits{"aten::equal"});
  CHECK(waits_of([&] { at::nonzero(there); }) == Waits{"aten::nonzero"});
  CHECK(waits_of([&] { there.index({there > 0}); }) == Waits{"aten::nonzero"});
  CHECK(waits_of([&] { host.to(kDevice, /*non_blocking=*/true); }) == Waits{"copy to the device"});
  CHECK(waits_of([&] { there.cpu(); }) == Waits{"copy to the host"});
  CHECK(waits_of([&] { pinned.to(kDevice, /*non_blocking=*/true); }).empty());
  CHECK(counts().to_device == 1);
  CHECK(waits_of([&] { at::empty_like(pinned, at::TensorOptions().pinned_memory(true)).copy_(there, true); }).empty());
  CHECK(counts().to_host == 1);
}

TEST_CASE("fake device: a stream must wait for what another one computes", "[fake_cuda]") {
  const c10::impl::VirtualGuardImpl device(c10::kCUDA);
  const c10::Stream copies = device.getStreamFromGlobalPool(kDevice), compute = device.getStream(kDevice);
  const at::Tensor batch = at::ones({4}).pin_memory(), there = at::zeros({4}, kDevice);
  c10::Event used(c10::kCUDA), arrived(c10::kCUDA);
  const auto fill = [&] {
    const c10::StreamGuard guard(copies);
    there.copy_(batch, /*non_blocking=*/true);
  };
  CHECK(fault_of(fill) ==
        "fake device: copy_ on stream " + std::to_string(copies.id()) + " uses memory of stream 0 without waiting for it");
  used.record(compute);
  used.block(copies);
  fill();
  CHECK(fault_of([&] { at::relu(there); }) ==
        "fake device: aten::relu on stream 0 uses memory of stream " + std::to_string(copies.id()) + " without waiting for it");
  arrived.record(copies);
  arrived.block(compute);
  CHECK(fault_of([&] { at::relu(there); }) == "none");
  CHECK(fault_of(fill) != "none");  // relu may still read
}

TEST_CASE("fake device: memory is not given away while another stream may use it", "[fake_cuda]") {
  const c10::impl::VirtualGuardImpl device(c10::kCUDA);
  const c10::Stream other = device.getStreamFromGlobalPool(kDevice);
  const auto use = [&](bool recorded) {
    at::Tensor there = at::ones({4}, kDevice);
    c10::Event made(c10::kCUDA);
    made.record(device.getStream(kDevice));
    made.block(other);
    const c10::StreamGuard guard(other);
    at::relu(there);
    if (recorded) there.record_stream(other);
  };
  CHECK(signal_of([&] { use(false); }) == SIGABRT);
  CHECK(signal_of([&] { use(true); }) == 0);
}
