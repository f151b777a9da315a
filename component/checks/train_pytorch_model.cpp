// What Train PyTorch Model asks of its three inputs together. Rules that need the images' pixels or the number of ranks of a
// foreign launcher are the trainer's.
#include <optional>

#include "component/check.h"
#include "datasets/directory/category_weights.h"
#include "datasets/directory/image_directory.h"
#include "models/directory/model_directory.h"
#include "runtime/report/checkpoints.h"
#include "runtime/request/parse_value.h"

namespace torchport::component {
namespace {

/// The dataset of a port, or nothing where the port has a fault.
std::optional<datasets::ImageDirectory> open_dataset(const runtime::Request& request, std::string_view name,
                                                     runtime::Problems& problems) {
  const auto path = request.inputs.find(name);
  if (path == request.inputs.end()) return std::nullopt;
  const runtime::PortSpec& port = *request.component->input(name);
  const runtime::Fields fields = {{"what", port.what()}, {"path", path->second.string()}};
  std::optional<datasets::ImageDirectory> dataset;
  problems.collect([&] { dataset = datasets::ImageDirectory::open(path->second, port.what()); });
  if (dataset && port.labelled && !dataset->labelled()) {
    problems.add(runtime::Error(dataset->raw() ? "NotLabeledDataset.plain_folder" : "NotLabeledDataset.unlabelled", fields));
    return std::nullopt;
  }
  return dataset;
}

/// Every process must get a whole batch of its own.
void check_batch_size(const runtime::Request& request, const datasets::ImageDirectory& training) {
  if (!request.has("batch_size")) return;
  const auto batch_size = request.get<std::int64_t>("batch_size");
  const auto rows = static_cast<std::int64_t>(training.size());
  if (batch_size > rows) {
    throw runtime::Error("LessThanOrEqualTo.batch_size", {{"value", std::to_string(batch_size)}, {"bound", std::to_string(rows)}});
  }
  if (!request.has_setting("node_count") || !request.has_setting("process_count_per_node")) return;
  const auto nodes = request.setting<std::int64_t>("node_count");
  const auto per_node = request.setting<std::int64_t>("process_count_per_node");
  const auto share = rows / nodes / per_node;
  if (batch_size > share) {
    const std::string ranks = (nodes > 1 ? std::to_string(nodes) + " x " : "") + std::to_string(per_node);
    throw runtime::Error("LessThanOrEqualTo.batch_share", {{"value", std::to_string(batch_size)},
                                                           {"bound", std::to_string(share)},
                                                           {"ranks", ranks},
                                                           {"rows", std::to_string(rows)}});
  }
}

/// On one machine alone: on several only the first has to see the checkpoints, and the training looks there.
void check_resume(const runtime::Request& request) {
  if (!request.has("resume") || !request.has_setting("node_count") || request.setting<std::int64_t>("node_count") != 1) return;
  runtime::checkpoints_meant(request.get<std::string>("resume"), /*run_dir=*/{});
}

/// One of two sources, and a file that fits the categories.
void check_class_weights(const runtime::Request& request, const std::optional<datasets::ImageDirectory>& training,
                         runtime::Problems& problems) {
  if (!request.has("class_weights_file")) return;
  if (request.has("class_weights") && request.get<std::string>("class_weights") != "none")
    problems.add(runtime::Error("ParameterParsing.class_weights_twice"));
  if (training)
    problems.collect([&] { datasets::read_category_weights(request.get<std::string>("class_weights_file"), *training); });
}

/// Where images are drawn more than once, their faults cannot be counted by images.
void check_sampling(const runtime::Request& request, runtime::Problems& problems) {
  if (!request.has("sampling") || !request.has("max_bad_fraction")) return;
  if (request.get<std::string>("sampling") == "balanced" && request.get<double>("max_bad_fraction") > 0)
    problems.add(runtime::Error("ParameterParsing.balanced_bad_images",
                                {{"value", runtime::text_of_value(request.get<double>("max_bad_fraction"))}}));
}

}  // namespace

void train_pytorch_model(const runtime::Request& request, runtime::Problems& problems) {
  if (const auto model = request.inputs.find("untrained_model"); model != request.inputs.end()) {
    problems.collect([&] {
      request.keep("untrained_model",
                   models::ModelDirectory::open(model->second, request.component->input("untrained_model")->what()));
    });
  }
  auto training = open_dataset(request, "training_dataset", problems);
  auto validation = open_dataset(request, "validation_dataset", problems);
  if (training && validation) problems.collect([&] { datasets::check_same_categories(*training, *validation); });
  if (training) problems.collect([&] { check_batch_size(request, *training); });
  check_class_weights(request, training, problems);
  check_sampling(request, problems);
  problems.collect([&] { check_resume(request); });
  if (training) request.keep("training_dataset", std::move(*training));
  if (validation) request.keep("validation_dataset", std::move(*validation));
}

}  // namespace torchport::component
