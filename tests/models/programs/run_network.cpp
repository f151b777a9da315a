// Builds a network and runs it once, so that tests/models/*_test.py can compare it with the real torchvision.
//   run_network VARIANT OUT [--classes N] [--seed N] [--parameter NAME VALUE] [--weights FILE] [--state]
//               [--input FILE --batch N --size S] [--train] [--channels-last] [--spec-dir FOLDER]
// Dropout draws by the key of step 0 of epoch 0 with the seed.
// FILE of --input and the files written to the folder OUT are raw little-endian elements: logits, gradients (float32, every
// parameter in state-dict order) and, with --state, state (every entry in its own type). stdout lists the entries: key, type,
// shape; stderr has the peak memory in KiB.
#include <torch/torch.h>

#include <cstdio>
#include <fstream>
#include <iostream>

#include "models/nn/random_key.h"
#include "models/nn/state_dict.h"
#include "runtime/files/files.h"
#include "runtime/request/parse_value.h"
#include "tests/support/networks.h"

using namespace torchport;
using models::Classifier;

namespace {

struct Arguments {
  std::string variant, weights, input;
  std::filesystem::path out;
  std::int64_t classes = models::kImageNetClasses, seed = 1, batch = 1, size = 64;
  std::map<std::string, std::string> parameters;
  bool state = false, train = false, channels_last = false;
};

Arguments parse(const std::vector<std::string>& words) {
  Arguments a;
  a.variant = words.at(0);
  a.out = words.at(1);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--state")
      a.state = true;
    else if (word == "--train")
      a.train = true;
    else if (word == "--channels-last")
      a.channels_last = true;
    else if (word == "--parameter")
      a.parameters[words.at(i + 1)] = words.at(i + 2), i += 2;
    else if (word == "--spec-dir")
      runtime::Specs::set_overlay(words.at(++i));
    else if (word == "--weights")
      a.weights = words.at(++i);
    else if (word == "--input")
      a.input = words.at(++i);
    else if (word == "--classes")
      a.classes = std::stoll(words.at(++i));
    else if (word == "--seed")
      a.seed = std::stoll(words.at(++i));
    else if (word == "--batch")
      a.batch = std::stoll(words.at(++i));
    else if (word == "--size")
      a.size = std::stoll(words.at(++i));
    else
      throw std::invalid_argument(word);
  }
  return a;
}

void load(models::ClassifierModule& network, const std::string& path) {
  const auto file = models::StateDictFile::open(path);
  at::NoGradGuard values_only;
  const auto entries = models::state_dict(network);
  if (file.entries().size() != entries.size()) throw std::runtime_error("the file has another number of entries");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& [key, tensor] = entries[i];
    if (file.entries()[i].key != std::string(models::kKeyPrefix) + key) throw std::runtime_error("another key than " + key);
    at::Tensor target = tensor;
    target.copy_(models::read_tensor(file, i));
  }
}

void write(const std::filesystem::path& path, const std::vector<at::Tensor>& tensors) {
  std::ofstream out(path, std::ios::binary);
  for (const at::Tensor& tensor : tensors) {
    const at::Tensor elements = tensor.detach().contiguous();
    out.write(static_cast<const char*>(elements.const_data_ptr()), static_cast<std::streamsize>(elements.nbytes()));
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

void run(models::ClassifierModule& network, const Arguments& a) {
  std::string bytes = runtime::read_file(a.input, 1 << 30);
  at::Tensor images = at::from_blob(bytes.data(), {a.batch, 3, a.size, a.size}, at::kFloat);
  if (a.channels_last) {
    images = images.contiguous(at::MemoryFormat::ChannelsLast);
    for (auto& parameter : network.parameters()) {
      if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }
  network.train(a.train);
  at::AutoGradMode gradients(a.train);
  const models::RandomKeyScope draws(models::random_key(a.seed, 0, 0, 0));
  const at::Tensor logits = network.forward(images);
  write(a.out / "logits", {logits});
  if (!a.train) return;
  at::cross_entropy_loss(logits, at::arange(a.batch, at::kLong).remainder(a.classes)).backward();
  std::vector<at::Tensor> all;
  for (const auto& [key, tensor] : models::state_dict(network)) {
    if (tensor.requires_grad()) all.push_back(tensor.grad());
  }
  write(a.out / "gradients", all);
}

/// Of this program alone: getrusage's figure starts at what its parent had used.
std::string peak_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") continue;
  status >> word;
  return word;
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments a = parse({argv + 1, argv + argc});
  models::ModelSpec spec = test::model_spec(a.variant);
  for (const auto& [name, value] : a.parameters)
    spec.parameters[name] = runtime::parse_value(*spec.component->parameter(name), value);
  const Classifier network = models::make_classifier(spec, a.classes, a.seed);
  if (!a.weights.empty()) load(*network, a.weights);
  if (!a.input.empty()) run(*network, a);
  std::vector<at::Tensor> state;
  for (const auto& [key, tensor] : models::state_dict(*network)) {
    std::cout << key << '\t' << models::name(models::dtype_of(tensor)) << '\t';
    for (std::int64_t i = 0; i < tensor.dim(); ++i) std::cout << (i ? "x" : "") << tensor.size(i);
    std::cout << (tensor.dim() == 0 ? "scalar\n" : "\n");
    state.push_back(tensor);
  }
  if (a.state) write(a.out / "state", state);
  std::cerr << peak_kib() << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
