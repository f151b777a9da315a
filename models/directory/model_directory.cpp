#include "models/directory/model_directory.h"

#include "models/directory/label_map.h"
#include "models/directory/model_fault.h"
#include "models/directory/model_input.h"
#include "models/directory/model_spec_reader.h"
#include "models/directory/model_spec_writer.h"
#include "models/weights/mismatches.h"
#include "runtime/files/files.h"
#include "runtime/files/typed_directory.h"

namespace torchport::models {
namespace {
namespace fs = std::filesystem;

constexpr std::string_view kSpecFile = "model_spec.yaml", kWeightsFile = "model", kLabelFile = "index_to_label.csv";
constexpr std::size_t kMaxTextFile = std::size_t{64} << 20;

/// Reads a file that the directory names, and reports whatever keeps it from being read as `reason` of spec/errors.yaml.
std::string read_named(const ModelFault& fault, std::string_view file, std::string_view reason) {
  try {
    return runtime::read_file(runtime::resolve_inside(fault.root, file), kMaxTextFile);
  } catch (const std::runtime_error& error) {
    throw fault(reason, {{"reason", "'" + std::string(file) + "': " + error.what()}});
  }
}

std::vector<std::string> read_labels(const ModelFault& fault, const std::string& file, std::int64_t classes) {
  const auto broken = [&](const std::string& reason) { return fault("broken_labels", {{"reason", reason}}); };
  std::vector<std::string> labels;
  try {
    labels = parse_label_map(read_named(fault, file, "broken_labels"));
  } catch (const std::runtime_error& error) {
    throw broken(error.what());
  }
  const auto count = std::to_string(labels.size());
  if (count != std::to_string(classes)) throw broken("it has " + count + " labels for " + std::to_string(classes) + " classes");
  return labels;
}

StateDictFile read_weights(const ModelFault& fault, const std::string& file) {
  try {
    const auto path = runtime::resolve_inside(fault.root, file);
    if (std::error_code error; !fs::exists(path, error)) throw fault("no_weights", {{"file", file}});
    return StateDictFile::open(path);
  } catch (const std::runtime_error& error) {
    throw fault("broken_weights", {{"reason", error.what()}});
  }
}

/// The last layer must have the classes that the spec states. All other entries are check_weights' matter, which needs the network.
void check_head(const ModelFault& fault, const ModelSpec& spec, const StateDictFile& weights) {
  const auto head = "model." + spec.component->architecture->head + ".weight";
  const bool second_head = spec.pretrained && spec.num_classes;  // the original's way to put classes on ImageNet weights
  const auto outputs = second_head ? kImageNetClasses : spec.num_classes.value_or(kImageNetClasses);
  Mismatches mismatches;
  const auto compare = [&](const TensorEntry& wanted) { mismatches.compare(weights.find(wanted.key), wanted); };
  compare({head, DType::float32, {outputs, -1}});
  if (second_head) compare({"out_linear_model.weight", DType::float32, {*spec.num_classes, kImageNetClasses}});
  mismatches.throw_if_any({{"what", fault.what}, {"path", fault.root.string()}, {"model", spec.variant->name}});
}

}  // namespace

ModelDirectory ModelDirectory::open(const fs::path& given, std::string_view what) {
  const fs::path root = runtime::typed_directory(given, runtime::Specs::get().type("ModelDirectory").inner_folder);
  const ModelFault fault{std::string(what), root};
  const auto meta = runtime::read_meta(root, "InvalidModelDirectory", what);
  const auto& wanted = runtime::Specs::get().type("ModelDirectory").directory;
  if (meta.type != wanted) throw fault("wrong_type", {{"found", meta.type.empty() ? "none" : meta.type}, {"wanted", wanted}});
  if (meta.get("model").empty()) throw fault("broken_meta", {{"reason", "it names no model"}});

  ModelDirectory directory;
  directory.root_ = root;
  directory.what_ = what;
  auto file = read_model_spec(read_named(fault, meta.get("model"), "broken_spec"), fault);
  ModelSpec& spec = directory.spec_ = std::move(file.model);
  if (!file.label_file.empty()) {
    spec.labels = read_labels(fault, file.label_file, spec.num_classes.value_or(kImageNetClasses));
  } else {
    for (std::int64_t i = 0; i < spec.num_classes.value_or(0); ++i) spec.labels.push_back(std::to_string(i));
  }
  spec.input = read_model_input(fault);
  directory.weights_ = read_weights(fault, file.weights_file);
  check_head(fault, spec, directory.weights_);
  return directory;
}

void check_weights(const StateDictFile& weights, const std::vector<TensorEntry>& expected, std::string_view what,
                   std::string_view model) {
  Mismatches mismatches;
  std::set<std::string_view> keys;
  for (const auto& entry : expected) {
    keys.insert(entry.key);
    mismatches.compare(weights.find(entry.key), entry);
  }
  for (const auto& entry : weights.entries()) {
    if (!keys.contains(entry.key)) mismatches.add_extra(entry);
  }
  mismatches.throw_if_any({{"what", std::string(what)}, {"model", std::string(model)}});
}

void write_model_directory(runtime::OutputDirectory& output, const ModelSpec& spec, const std::vector<TensorView>& weights,
                           const std::string& schema_json, const std::string& samples_json) {
  const bool trained = spec.num_classes.has_value();
  if (trained && spec.labels.size() != static_cast<std::size_t>(*spec.num_classes)) throw std::logic_error("a label is missing");
  runtime::FileWriter file(output.path(kWeightsFile));
  write_state_dict(weights, [&](const void* data, std::size_t bytes) { file.write(data, bytes); });
  file.finish();

  ModelSpecFile spec_file{spec, std::string(kWeightsFile), trained ? std::string(kLabelFile) : ""};
  if (trained) spec_file.model.pretrained = false;  // true would promise a second head, which is folded into the first here
  output.write(kSpecFile, model_spec_yaml(spec_file, std::chrono::system_clock::now()));
  auto meta = "type: " + runtime::Specs::get().type("ModelDirectory").directory + "\nextension: {}\n";
  meta += "model: " + std::string(kSpecFile) + "\n";
  if (trained) {
    output.write(kLabelFile, label_map_csv(spec.labels));
    output.write("_schema.json", schema_json);
    output.write("_samples.json", samples_json);
    if (spec.input) output.write(kInputFile, model_input_json(*spec.input));
    meta += "registerModel: true\nmodelOutputPath: trained_model_outputs\n";
  }
  output.publish(meta);
}

}  // namespace torchport::models
