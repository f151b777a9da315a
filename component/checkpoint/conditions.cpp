#include "component/checkpoint/conditions.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <set>

#include "runtime/files/sha256.h"
#include "runtime/files/typed_directory.h"
#include "runtime/request/parse_value.h"
#include "runtime/version.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShown = 12;  ///< digits of a hash: enough to tell two apart

/// Parameters on which no bit of the weights depends.
const std::set<std::string, std::less<>> kFree = {
    "print_freq",           "loader_threads",    "profile", "max_bad_fraction", "checkpoints", "checkpoint_minutes", "resume",
    "allow_inexact_resume", "stop_at",           "device",  "cuda_graphs",  // what it came to counts
    "class_weights_file",   "find_learning_rate"};                          // the file's content counts; the test leaves no trace

std::string short_hash(const std::string& hash) { return "SHA-256 " + (hash.empty() ? "unknown" : hash.substr(0, kShown)); }

std::string text_of(const datasets::ImageDirectory& images, const std::atomic<bool>& given_up) {
  std::string all;
  for (const auto& category : images.categories()) all += category.name + '\n';
  for (const auto& [key, text] : images.extension()) all += key + '\n' + text + '\n';
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (given_up) throw GivenUp();
    std::error_code fault;  // one that is not there is for the loader to report
    const auto bytes = fs::file_size(images.root() / images.file(i), fault);
    all += std::string(images.file(i)) + '\n' + std::to_string(images.label(i)) + ' ' + std::to_string(images.id(i)) + ' ' +
           std::to_string(fault ? 0 : bytes) + '\n';
  }
  return std::to_string(images.size()) + " images, " + short_hash(runtime::sha256_of(all));
}

std::string text_of_model(const fs::path& directory, const std::atomic<bool>& given_up) {
  std::map<std::string, std::string> hashes;
  std::error_code ignored;
  for (fs::directory_iterator entry(directory, ignored), end; entry != end; entry.increment(ignored)) {
    if (given_up) throw GivenUp();
    if (entry->is_regular_file(ignored)) hashes[entry->path().filename().string()] = runtime::sha256(entry->path());
  }
  std::string all;
  for (const auto& [name, hash] : hashes) all += name + ' ' + hash + '\n';
  return short_hash(runtime::sha256_of(all));
}

}  // namespace

Conditions conditions_of(const runtime::Context& ctx, const Device& device, Precision precision,
                         const datasets::ImageDirectory& train, const datasets::ImageDirectory& valid,
                         const std::atomic<bool>& given_up) {
  Conditions all;
  all["torchport"] = runtime::version() + ", " + short_hash(runtime::sha256("/proc/self/exe"));
  all["LibTorch"] = TORCH_VERSION;
  all["device"] = device.is_host() ? "CPU, " + at::get_cpu_capability() : device.name();
  all["processes"] = std::to_string(ctx.control.size());
  all["threads"] = std::to_string(at::get_num_threads());
  all["precision"] = name_of(precision);
  for (const runtime::ParameterSpec& spec : ctx.spec().parameters) {
    const auto given = ctx.request.parameters.find(spec.name);
    if (given != ctx.request.parameters.end() && !kFree.contains(spec.name))
      all["--" + spec.flag] = runtime::text_of_value(given->second.value);
  }
  if (ctx.request.has("class_weights_file"))
    all["class weights"] = short_hash(runtime::sha256(ctx.param<std::string>("class_weights_file")));
  const auto& model = runtime::Specs::get().type("ModelDirectory");
  all["untrained model"] = text_of_model(runtime::typed_directory(ctx.input("untrained_model"), model.inner_folder), given_up);
  all["training dataset"] = text_of(train, given_up);
  all["validation dataset"] = text_of(valid, given_up);
  return all;
}

std::vector<runtime::Detail> differences(const Conditions& was, const Conditions& is) {
  std::vector<runtime::Detail> rows;
  const auto of = [](const Conditions& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string("unknown") : found->second;
  };
  std::set<std::string> names;
  for (const auto* const all : {&was, &is})
    for (const auto& [name, text] : *all) names.insert(name);
  for (const std::string& name : names)
    if (of(was, name) != of(is, name)) rows.push_back({name, "was " + of(was, name) + ", is " + of(is, name)});
  return rows;
}

}  // namespace torchport::component
