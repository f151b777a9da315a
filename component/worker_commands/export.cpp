// torchport export, in the worker: a trained model for other programs.
#include <ostream>

#include "component/export/exported_model.h"
#include "component/export/model_card.h"
#include "component/images/size_check.h"
#include "component/images/trained_input.h"
#include "datasets/transforms/transformation_directory.h"
#include "models/nn/load_weights.h"
#include "runtime/cli/call.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

constexpr const char* kLabels = "labels.txt";

/// What photos go through before, and what size they then have; `given` is --transformation.
void set_transformation(ExportedModel& model, const models::ModelDirectory& directory, const std::string& given,
                        std::ostream& err) {
  model.transformation = inference_transformation(directory);
  const auto& input = model.spec.input;
  if (input) model.size = datasets::ImageSize{static_cast<int>(input->height), static_cast<int>(input->width)};
  if (given.empty()) {
    if (!model.transformation) err << "warning: the model does not say what photos go through before; --transformation DIR does.\n";
    return;
  }
  const auto wanted = datasets::TransformationDirectory::open(given, "transformation").transformation.without_random();
  if (model.transformation && model.transformation->json() != wanted.json())
    err << "warning: in training, photos went through another transformation: " << model.transformation->json() << ".\n";
  const auto size = wanted.fixed_size();
  if (model.size && size && *size != *model.size)
    err << "warning: --transformation makes images of " << size_text(*size) << " pixels, but those of the training had "
        << size_text(*model.size) << ".\n";
  model.transformation = wanted;
  model.size = size;
}

/// One a line, as --labels of torchport import takes them.
void write_labels(runtime::OutputDirectory& output, const std::vector<std::string>& labels, std::ostream& err) {
  const auto breaks = [](const std::string& label) { return label.find_first_of("\r\n") != label.npos; };
  if (const auto found = std::find_if(labels.begin(), labels.end(), breaks); found != labels.end()) {
    err << "warning: there is no " << kLabels << ", because the category '" << runtime::visible(*found) << "' has a line break.\n";
    return;
  }
  output.write(kLabels, runtime::join(labels, "\n") + "\n");
}

}  // namespace

int export_(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  call.subject = call.spec.name;
  runtime::OutputDirectory output(given.get<std::string>("output"));
  const auto directory = models::ModelDirectory::open(given.operands.front(), "trained model");
  const models::ModelSpec& spec = directory.spec();
  if (spec.labels.empty())
    throw runtime::Error("InvalidModelDirectory.not_trained", {{"what", directory.what()}, {"path", directory.root().string()}});
  const auto loaded = models::load_network(directory, spec.labels, /*seed=*/0);
  loaded.network->eval();
  ExportedModel model{spec, *loaded.network, normalisation_of(spec), std::nullopt, std::nullopt};
  set_transformation(model, directory, given.has("transformation") ? given.get<std::string>("transformation") : "", call.host.err);
  const Exported exported = exports().at(given.get<std::string>("format"))(model, output);
  write_labels(output, spec.labels, call.host.err);
  output.publish("README.md", model_card(model, exported));
  call.host.out << output.target().string() << "\n";
  return 0;
}

}  // namespace torchport::component
