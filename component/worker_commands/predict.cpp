// torchport predict, in the worker: photos as they come, through the model's own transformation, to their categories.
#include <c10/core/InferenceMode.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>
#include <ostream>

#include "component/images/photo_reader.h"
#include "component/images/trained_input.h"
#include "component/training/network_input.h"
#include "datasets/in_order.h"
#include "datasets/sources/image_walk.h"
#include "datasets/transforms/applied.h"
#include "models/nn/load_weights.h"
#include "runtime/cli/call.h"
#include "runtime/files/files.h"
#include "runtime/launch/processing_units.h"
#include "runtime/text/format.h"
#include "runtime/text/json_text.h"
#include "runtime/text/text.h"
#include "runtime/text/utf8.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBatch = 16;
constexpr int kUnusable = 6;  ///< exit status: "Images cannot be used"

/// The files that are meant: of a folder its images, in the order of their names, however deep they lie.
std::vector<std::string> photos_of(const std::vector<std::string>& operands, std::ostream& err) {
  std::vector<std::string> photos;
  for (const std::string& operand : operands) {
    std::error_code error;
    if (!fs::is_directory(operand, error)) {
      photos.push_back(operand);  // one that is not there is found out when it is read
      continue;
    }
    if (fs::exists(fs::path(operand) / datasets::kAppliedList))
      throw runtime::Error("InvalidDataset.transformed", {{"what", "folder of photos"}, {"path", operand}});
    const auto walk = datasets::walk_images(operand, {"folder of photos", datasets::Links::follow, {}});
    if (walk.images.empty()) throw runtime::Error("InvalidDataset.no_images", {{"what", "folder of photos"}, {"path", operand}});
    for (const auto& line : walk.account.lines()) {
      if (line.warning) err << "warning: " << runtime::visible(operand) << ": " << line.text << "\n";
    }
    for (const std::string& image : walk.images) photos.push_back((fs::path(operand) / image).string());
  }
  return photos;
}

/// A photo as the network is to see it, or why it cannot be used.
struct Seen {
  datasets::Pixels pixels;
  std::string fault;
};

/// Thread-safe.
Seen seen_by(const PhotoReader& reader, const std::string& photo) {
  Seen seen;
  try {
    seen.pixels = reader.read(runtime::read_file(photo, datasets::kMaxImageFile));
  } catch (const std::runtime_error& error) {
    seen.fault = error.what();
  }
  return seen;
}

/// What is shown of each photo, in the form that was asked for.
class Answers {
 public:
  Answers(const runtime::Host& host, const models::ModelSpec& spec, std::size_t top, bool json)
      : host_(host), labels_(spec.labels), top_(std::min(top, labels_.size())), json_(json) {
    document_ = {{"model", spec.variant->name}, {"photos", nlohmann::ordered_json::array()}};
  }

  void add(const std::string& photo, std::span<const float> probabilities) {
    std::vector<std::size_t> best(labels_.size());
    std::iota(best.begin(), best.end(), std::size_t{0});
    std::stable_sort(best.begin(), best.end(), [&](auto a, auto b) { return probabilities[a] > probabilities[b]; });
    best.resize(top_);
    if (json_) {
      nlohmann::ordered_json answers = nlohmann::ordered_json::array();
      for (const std::size_t c : best) answers.push_back({{"category", labels_[c]}, {"probability", probabilities[c]}});
      document_["photos"].push_back({{"photo", name(photo)}, {"answers", std::move(answers)}});
      return;
    }
    std::vector<std::string> words;
    for (const std::size_t c : best)
      words.push_back(runtime::visible(labels_[c]) + runtime::formatted(" %.2f %%", 100 * static_cast<double>(probabilities[c])));
    host_.out << runtime::visible(photo) << ": " << runtime::join(words, ", ") << std::endl;
  }

  void refuse(const std::string& photo, const std::string& fault) {
    ++refused_;
    host_.err << "warning: '" << runtime::visible(photo) << "' cannot be used: " << runtime::visible(fault) << "\n";
    if (json_) document_["photos"].push_back({{"photo", name(photo)}, {"fault", runtime::visible(fault)}});
  }

  /// The exit status, after all of `count` photos.
  int end(std::size_t count) const {
    if (json_) host_.out << runtime::json_text(document_);
    if (refused_ == 0) return 0;
    host_.err << refused_ << " of " << count << (count == 1 ? " photo" : " photos") << " could not be used.\n";
    return kUnusable;
  }

 private:
  /// JSON is UTF-8, and a path may be anything.
  static std::string name(const std::string& photo) { return runtime::is_utf8(photo) ? photo : runtime::visible(photo); }

  const runtime::Host& host_;
  const std::vector<std::string>& labels_;
  const std::size_t top_;
  const bool json_;
  nlohmann::ordered_json document_;
  std::size_t refused_ = 0;
};

/// The network on photos of one size, a batch at a time.
class Batches {
 public:
  Batches(const models::ModelDirectory& model, Answers& answers)
      : model_(model),
        network_(models::load_network(model, model.spec().labels, /*seed=*/0).network),
        input_(normalisation_of(model.spec()), /*channels_last=*/true, Precision::float32, Device()),
        answers_(answers) {
    models::use_channels_last(*network_);
    network_->eval();
  }

  void add(const std::string& photo, Seen seen) {
    const bool fits = photos_.empty() || (seen.fault.empty() && seen.pixels.size() == pixels_.front().size());
    if (!fits || photos_.size() == kBatch) flush();
    if (!seen.fault.empty()) return answers_.refuse(photo, seen.fault);
    photos_.push_back(photo);
    pixels_.push_back(std::move(seen.pixels));
  }

  /// \throws Error InvalidModelDirectory.scores_not_finite
  void flush() {
    if (photos_.empty()) return;
    const c10::InferenceMode inference;
    const auto size = pixels_.front().size();
    const auto count = static_cast<std::int64_t>(photos_.size());
    const at::Tensor images =
        at::empty({count, 3, size.height, size.width}, at::TensorOptions(at::kByte).memory_format(at::MemoryFormat::ChannelsLast));
    auto* out = images.data_ptr<std::uint8_t>();
    for (const auto& pixels : pixels_) out = std::copy(pixels.rgb.begin(), pixels.rgb.end(), out);
    const at::Tensor probabilities = network_->forward(input_(images)).softmax(1).contiguous();
    const auto rows = probabilities.accessor<float, 2>();
    for (std::size_t i = 0; i < photos_.size(); ++i) {
      const std::span<const float> row(rows[static_cast<std::int64_t>(i)].data(), model_.spec().labels.size());
      if (!std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); }))
        throw runtime::Error("InvalidModelDirectory.scores_not_finite",
                             {{"what", model_.what()}, {"path", model_.root().string()}, {"file", photos_[i]}});
      answers_.add(photos_[i], row);
    }
    photos_.clear();
    pixels_.clear();
  }

 private:
  const models::ModelDirectory& model_;
  const models::Classifier network_;
  const NetworkInput input_;
  Answers& answers_;
  std::vector<std::string> photos_;
  std::vector<datasets::Pixels> pixels_;
};

}  // namespace

int predict(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  call.subject = call.spec.name;
  const auto model = models::ModelDirectory::open(given.operands.front(), "trained model");
  if (model.spec().labels.empty())
    throw runtime::Error("InvalidModelDirectory.not_trained", {{"what", model.what()}, {"path", model.root().string()}});
  const auto photos = photos_of({given.operands.begin() + 1, given.operands.end()}, call.host.err);
  const PhotoReader reader(model.spec(), inference_transformation(model));
  if (!reader.transforms())
    call.host.err << "warning: the model does not say what photos go through before: they are taken as they are.\n";
  Answers answers(call.host, model.spec(), static_cast<std::size_t>(given.get<std::int64_t>("top")), given.get<bool>("json"));
  Batches batches(model, answers);
  datasets::in_order(
      photos.size(), runtime::processing_units(), [&](std::size_t i) { return seen_by(reader, photos[i]); },
      [&](std::size_t i, Seen seen) { batches.add(photos[i], std::move(seen)); });
  batches.flush();
  return answers.end(photos.size());
}

}  // namespace torchport::component
