// torchport import, in the worker: a file of weights as the model directory that Train PyTorch Model would have written.
#include <charconv>
#include <ostream>

#include "component/export/model_notes.h"
#include "component/images/size_check.h"
#include "datasets/directory/image_directory_form.h"
#include "datasets/sources/labels_file.h"
#include "datasets/transforms/transformation_directory.h"
#include "models/nn/find_network.h"
#include "models/nn/state_dict.h"
#include "models/weights/weights_file.h"
#include "runtime/cli/call.h"
#include "runtime/files/files.h"
#include "runtime/text/python_json.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using Channels = std::array<double, 3>;

/// "0.485,0.456,0.406"
Channels channels(const std::string& flag, const std::string& text, double low) {
  Channels values{};
  const auto parts = runtime::split(text, ',');
  bool good = parts.size() == values.size();
  for (std::size_t i = 0; good && i < values.size(); ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    const auto [stop, error] = std::from_chars(parts[i].data(), end, values[i]);
    good = error == std::errc() && stop == end && std::isfinite(values[i]) && values[i] > low;
  }
  if (!good) throw runtime::Error("ParameterParsing.channels", {{"flag", flag}, {"value", text}});
  return values;
}

std::string shown(const Channels& values) {
  return runtime::python_float(values[0]) + ", " + runtime::python_float(values[1]) + ", " + runtime::python_float(values[2]);
}

/// labels.txt in the folder of `file`, where the model card there says that torchport export wrote it; or "".
std::filesystem::path labels_beside(const std::filesystem::path& file) {
  constexpr std::size_t kCard = 65536;  ///< bytes
  const std::filesystem::path labels = file.parent_path() / "labels.txt", card = file.parent_path() / "README.md";
  std::error_code none;
  if (!std::filesystem::is_regular_file(labels, none) || !std::filesystem::is_regular_file(card, none)) return {};
  try {
    return runtime::read_head(card, kCard).find("`torchport export`") == std::string::npos ? std::filesystem::path() : labels;
  } catch (const std::runtime_error&) {
    return {};
  }
}

class Import {
 public:
  Import(const runtime::Call& call, const runtime::Arguments& given) : given_(given), err_(call.host.err) {}

  void run(runtime::OutputDirectory& output) {
    const std::string& path = given_.operands.front();
    beside_ = labels_beside(path);
    check_options();
    const auto file = models::open_weights_file(path);
    notes_ = read_notes(file.metadata());
    for (const auto& doubt : notes_.doubts) err_ << "warning: " << doubt << "\n";
    const std::vector<std::string> labels = find_labels();
    auto found = models::find_network(file, static_cast<std::int64_t>(labels.size()), path);
    models::ModelSpec& spec = found.spec;
    spec.num_classes = static_cast<std::int64_t>(labels.size());
    spec.labels = labels;
    err_ << "It is a " << spec.variant->name << " with " << labels.size()
         << (labels.size() == 1 ? " category.\n" : " categories.\n");
    for (const auto& note : found.weights.notes) err_ << note << "\n";
    for (const auto& warning : found.weights.warnings) err_ << "warning: " << warning << "\n";
    set_normalisation(spec);
    set_input(spec);
    std::vector<at::Tensor> keep;
    models::write_model_directory(output, spec, models::weight_views(*found.network, keep), datasets::schema_text(labels),
                                  datasets::samples_text({}));
  }

 private:
  /// What can be wrong with them shows before a large file is read.
  void check_options() {
    if (given_.has("labels")) labels_ = datasets::read_labels(given_.get<std::string>("labels"));
    if (given_.has("mean") != given_.has("std"))
      throw runtime::Error("NullOrEmpty.parameter", {{"flag", given_.has("mean") ? "std" : "mean"},
                                                     {"title", "which comes with the other of mean and std"}});
    if (given_.has("mean"))
      normalisation_ = {channels("mean", given_.get<std::string>("mean"), std::numeric_limits<double>::lowest()),
                        channels("std", given_.get<std::string>("std"), 0)};
    if (!given_.has("transformation")) return;
    const std::string& path = given_.get<std::string>("transformation");
    const auto wanted = datasets::TransformationDirectory::open(path, "transformation").transformation.without_random();
    const auto size = wanted.fixed_size();
    if (!size) throw runtime::Error("InvalidTransformationDirectory.no_size", {{"path", path}, {"names", wanted.names()}});
    input_ = {size->height, size->width, wanted.json()};
  }

  std::vector<std::string> find_labels() const {
    if (!labels_.empty()) return labels_;
    if (notes_.labels.empty() && !beside_.empty()) {
      err_ << "The categories are those of " << runtime::visible(beside_.string()) << ", which torchport export wrote beside it.\n";
      return datasets::read_labels(beside_);
    }
    if (notes_.labels.empty())
      throw runtime::Error("NullOrEmpty.parameter",
                           {{"flag", "labels"}, {"title", "'" + given_.operands.front() + "' does not name its categories"}});
    err_ << "The file names its categories itself.\n";
    return notes_.labels;
  }

  void set_normalisation(models::ModelSpec& spec) const {
    const auto& published = spec.component->architecture->published;
    const auto& chosen = normalisation_ ? normalisation_ : notes_.normalisation;
    spec.mean = chosen ? chosen->mean : published.mean;
    spec.std_dev = chosen ? chosen->std_dev : published.std_dev;
    const std::string values = "mean " + shown(*spec.mean) + ", std " + shown(*spec.std_dev);
    if (!chosen)
      err_ << "warning: the file does not say how its images were normalised; taken is what torchvision's published weights were "
              "trained with: "
           << values << ". --mean and --std give others.\n";
    else
      err_ << "Images are normalised by " << values << ".\n";
  }

  void set_input(models::ModelSpec& spec) const {
    spec.input = input_ ? input_ : notes_.input;
    if (!spec.input || !spec.input->transforms)
      err_ << "warning: what photos go through before is not known, and torchport predict will take them as they are; "
              "--transformation DIR says it.\n";
    else
      err_ << "Photos go through " << *spec.input->transforms << " before.\n";
  }

  const runtime::Arguments& given_;
  std::ostream& err_;
  std::vector<std::string> labels_;
  std::optional<datasets::Normalisation> normalisation_;
  std::optional<models::ModelInput> input_;
  ModelNotes notes_;
  std::filesystem::path beside_;  ///< the file of the categories that torchport export wrote beside it, or ""
};

}  // namespace

int import(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  call.subject = call.spec.name;
  runtime::OutputDirectory output(given.get<std::string>("output"));
  Import(call, given).run(output);
  call.host.out << output.target().string() << "\n";
  return 0;
}

}  // namespace torchport::component
