// torchport serve, in the worker: a trained model behind HTTP, as its clients know it.
#include <ATen/Parallel.h>

#include <csignal>
#include <exception>
#include <mutex>
#include <ostream>
#include <thread>

#include "component/images/size_check.h"
#include "component/images/trained_input.h"
#include "component/serving/scoring/answering.h"
#include "component/serving/service.h"
#include "component/serving/swagger.h"
#include "component/training/choose_device.h"
#include "datasets/transforms/transformation_directory.h"
#include "models/nn/cpu/cpu_bfloat16.h"
#include "models/nn/load_weights.h"
#include "runtime/cli/call.h"
#include "runtime/launch/stop_request.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using runtime::Arguments;

constexpr std::size_t kBodiesAtOnce = 16;  ///< times --max-body: memory for requests that have come in part or whole
constexpr std::size_t kConnections = 512;

std::size_t count(std::int64_t number) { return static_cast<std::size_t>(number); }

models::ModelDirectory open_model(const Arguments& given) {
  auto model = models::ModelDirectory::open(given.get<std::string>("trained_model"), "trained model");
  if (model.spec().labels.empty())
    throw runtime::Error("InvalidModelDirectory.not_trained", {{"what", model.what()}, {"path", model.root().string()}});
  return model;
}

/// By what photos go: what is given, else what the model notes, else nothing.
PhotoReader make_reader(const models::ModelDirectory& model, const Arguments& given, std::ostream& err) {
  const auto noted = inference_transformation(model);
  if (!given.has("transformation")) {
    if (!noted)
      err << "warning: the model does not say what photos go through before: images are taken as they are, those of a request must "
             "have one size. "
             "--transformation DIR tells it.\n";
    return {model.spec(), noted};
  }
  const auto wanted = datasets::TransformationDirectory::open(given.get<std::string>("transformation"), "transformation")
                          .transformation.without_random();
  if (noted && noted->json() != wanted.json())
    err << "warning: in training, photos went through another transformation: " << noted->json() << ".\n";
  return {model.spec(), wanted, /*given=*/true};
}

/// The network where it computes, and in which numbers.
struct Computing {
  explicit Computing(const models::ModelDirectory& model, const Arguments& given)
      : log({{}, /*console=*/true, /*progress_bar=*/false, /*quiet=*/true}),
        device(given.get<std::string>("device") == "cuda" ? choose_gpu(alone, log) : Device()),
        precision(decide_precision(given.get<std::string>("precision"), device.is_host() ? "CPU" : "GPU",
                                   device.is_host() ? models::why_bfloat16_is_slow(models::bfloat16_features()) : "", alone, log)),
        network(models::load_network(model, model.spec().labels, /*seed=*/0).network),
        scorer{*network, normalisation_of(model.spec()), /*channels_last=*/true, /*flip=*/false, device} {
    models::use_channels_last(*network);
    device.take(*network);
    network->eval();
  }
  runtime::WorldOfOne alone;
  runtime::Log log;
  const Device device;
  const Precision precision;
  const models::Classifier network;
  const Scorer scorer;
};

/// Lines to standard error, of several threads.
class Speaker {
 public:
  explicit Speaker(std::ostream& err) : err_(err) {}
  void operator()(const std::string& line) {
    const std::lock_guard lock(mutex_);
    err_ << line + "\n";
  }

 private:
  std::mutex mutex_;
  std::ostream& err_;
};

Service make_service(const models::ModelDirectory& model, const Arguments& given, PhotoQueue& queue, const Health& health,
                     Speaker& say) {
  ServiceOptions options;
  if (given.has("key_file")) options.keys = Keys::read(given.get<std::string>("key_file"));
  options.swagger = swagger({model.spec().variant->name, model.spec().labels, count(given.get<std::int64_t>("max_rows")),
                             given.get<bool>("plain_json"), options.keys.has_value()});
  options.log = [&say](const std::string& line) { say(line); };
  return {std::move(options), queue, health};
}

/// Serves until it is stopped. \throws what the network's thread throws
void serve_until_stopped(HttpServer& server, PhotoQueue& queue, Answering& answering) {
  std::exception_ptr fault;
  std::thread connections([&] {
    try {
      server.run();
    } catch (...) {
      fault = std::current_exception();
    }
    queue.close();
  });
  answering.run();  // this thread's: its number of threads is LibTorch's
  connections.join();
  if (fault) std::rethrow_exception(fault);
}

}  // namespace

int serve(runtime::Call& call) {
  const Arguments given = call.arguments();
  call.subject = call.spec.name;
  const std::chrono::seconds timeout(given.get<std::int64_t>("timeout"));
  const auto model = open_model(given);
  PhotoQueue queue(count(given.get<std::int64_t>("queue")));
  Health health;
  Speaker say(call.host.err);
  Service service = make_service(model, given, queue, health, say);
  const std::size_t body = count(given.get<std::int64_t>("max_body")) << 20;
  HttpServer server(given.get<std::string>("host"), static_cast<int>(given.get<std::int64_t>("port")),
                    {body, kBodiesAtOnce * body, kConnections, timeout}, service);
  if (given.has("threads")) at::set_num_threads(static_cast<int>(given.get<std::int64_t>("threads")));
  const PhotoReader reader = make_reader(model, given, call.host.err);
  const Computing computing(model, given);
  const AnswerWriter writer(model.spec().labels, given.get<bool>("plain_json"));
  Answering answering(queue, reader, computing.scorer, computing.precision, writer,
                      {count(given.get<std::int64_t>("batch_size")), count(given.get<std::int64_t>("max_rows")),
                       given.get<std::int64_t>("max_pixels"), timeout, [&say](const std::string& line) { say(line); }, health});
  answering.compute_blank();
  if (!server.is_local() && !given.has("key_file"))
    say("warning: other machines may ask, and no key is asked for: --key-file FILE sets one.");
  // Whoever has read the address may stop it. SIGUSR1 asks a training to save, and here there is nothing to save.
  const runtime::StopRequest stop([&](int) { server.stop(); },
                                  [&](int signal) {
                                    if (signal == SIGUSR1) say("SIGUSR1 changes nothing here; SIGTERM ends the server.");
                                    return signal == SIGUSR1;
                                  });
  call.host.out << "listening on " << server.address() << std::endl;
  serve_until_stopped(server, queue, answering);
  return 0;
}

}  // namespace torchport::component
