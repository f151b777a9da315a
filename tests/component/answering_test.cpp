// What `torchport serve` says of itself when its network fails: of one request's images, or for good, as after a fault of a GPU.
#include "component/serving/scoring/answering.h"

#include <ATen/ops/zeros.h>

#include "component/serving/service.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;
using component::Health;
using component::HttpAnswer;
using component::PhotoQueue;

namespace {

constexpr const char* kPhoto = R"([{"image": "UDYgMSAxIDI1NQrIHh4="}])";  // of one pixel
constexpr const char* kFault = "CUDA error: an illegal memory access was encountered";

struct Network final : models::ClassifierModule {
  at::Tensor forward(const at::Tensor& images) override {
    if (dead || (fussy && images.size(2) == 1)) throw std::runtime_error(kFault + std::string("\nat a place in LibTorch"));
    if (greedy) throw c10::OutOfMemoryError(c10::SourceLocation{}, "no memory is left");
    return at::zeros({images.size(0), 2});
  }
  bool dead = false, fussy = false, greedy = false;  // fails always; fails with images of one pixel; has no memory
};

/// A server without its connections.
struct Serving {
  HttpAnswer score() {
    PhotoQueue queue(1);
    const component::Device host;
    const component::Scorer scorer{network, {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, true, false, host};
    const models::ModelSpec spec = test::model_spec("resnet18");
    const component::PhotoReader reader(spec, std::nullopt);
    const component::AnswerWriter writer({"cat", "dog"}, /*plain=*/true);
    component::Answering answering(
        queue, reader, scorer, component::Precision::float32, writer,
        {16, 64, 1000, std::chrono::seconds(60), [&](const std::string& line) { log += line + "\n"; }, health});
    HttpAnswer answer;
    std::string body = kPhoto;
    component::HttpReply reply = to(answer, [&] { queue.close(); });
    queue.add(body, reply);
    answering.run();
    return answer;
  }

  HttpAnswer get(const std::string& path) {
    PhotoQueue queue(1);
    component::Service service({"", std::nullopt, [](const std::string&) {}}, queue, health);
    HttpAnswer answer;
    service.answer({"GET", path, "", ""}, "", to(answer, [] {}));
    return answer;
  }

  static component::HttpReply to(HttpAnswer& answer, const std::function<void()>& then) {
    return {[&answer, then](HttpAnswer given) {
              answer = std::move(given);
              then();
            },
            std::make_shared<std::atomic<bool>>(false)};
  }

  Network network;
  Health health;
  std::string log;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("serving: a network that computes nothing any more is told by GET /, until it computes again", "[serving]") {
  Serving serving;
  CHECK(serving.get("/").body == "Healthy");
  serving.network.dead = true;
  CHECK(serving.score().status == 500);
  CHECK(serving.log == std::string("error: the network failed: ") + kFault +
                           "\nerror: the network does not compute a blank image either: GET / answers 503 until it does\n");
  const HttpAnswer ill = serving.get("/");
  CHECK(ill.status == 503);
  CHECK(ill.body == std::string(R"({"message":"the network does not compute any more: )") + kFault + "\"}");
  CHECK(has(serving.get("/metrics").body, "\ntorchport_healthy 0\n"));
  serving.network.dead = false;
  CHECK(serving.score().status == 200);
  CHECK((serving.get("/").status == 200 && has(serving.get("/metrics").body, "\ntorchport_healthy 1\n")));
}

TEST_CASE("serving: what one request's images do to the network is not the server's illness", "[serving]") {
  Serving serving;
  serving.network.fussy = true;
  CHECK((serving.score().status == 500 && serving.get("/").status == 200));
  CHECK(serving.log == std::string("error: the network failed: ") + kFault + "\n");
}

TEST_CASE("serving: memory that is not there now may be there later", "[serving]") {
  Serving serving;
  serving.network.greedy = true;
  CHECK((serving.score().status == 503 && serving.get("/").status == 200));
}
