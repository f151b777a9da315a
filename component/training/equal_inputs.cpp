#include "component/training/equal_inputs.h"

#include <algorithm>
#include <exception>
#include <string>

#include "runtime/equal_ranks.h"
#include "runtime/files/files.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using runtime::Fact;

// Every rank looks for itself: on a disk across a network a look takes a fraction of a millisecond, a file some milliseconds.
constexpr std::size_t kSizesLookedAt = 4096, kFilesRead = 64, kMostBytes = std::size_t{1} << 20;
constexpr std::size_t kLongestText = 200;

/// Whether entry `i` is one of about `wanted` that are spread evenly over `size`.
bool sampled(std::size_t i, std::size_t size, std::size_t wanted) { return i % std::max<std::size_t>(1, size / wanted) == 0; }

std::string shortened(std::string text) {
  if (text.size() <= kLongestText) return text;
  return runtime::formatted("a text of hash %016llx", static_cast<unsigned long long>(runtime::hash_of(text)));
}

/// "1234 bytes", or what is in the way.
std::string size_of(const datasets::ImageDirectory& images, std::size_t i) {
  try {
    return std::to_string(std::filesystem::file_size(images.path(i))) + " bytes";
  } catch (const std::exception&) {  // decoding will say what is wrong with it, or leave it out
    return "no readable file";
  }
}

std::uint64_t content(const datasets::ImageDirectory& images, std::size_t i) {
  try {
    return runtime::hash_of(runtime::read_file(images.path(i), kMostBytes));
  } catch (const std::exception&) {  // too large, or as above
    return 0;
  }
}

std::string label_of(const datasets::ImageDirectory& images, std::size_t i) {
  const std::int32_t label = images.label(i);
  return label < 0 ? "" : " of category '" + images.categories()[static_cast<std::size_t>(label)].name + "'";
}

std::string text_of(const std::optional<std::array<double, 3>>& numbers) {
  return numbers ? runtime::formatted("%.17g, %.17g, %.17g", (*numbers)[0], (*numbers)[1], (*numbers)[2]) : "absent";
}

std::uint64_t weights_hash(const models::StateDictFile& weights) {
  std::uint64_t hash = 0;
  std::string copy;
  for (std::size_t i = 0; i < weights.entries().size(); ++i) {
    const models::TensorEntry& entry = weights.entries()[i];
    hash = runtime::hash_of(entry.key, hash);
    for (const std::int64_t size : entry.shape) hash = runtime::hash_of(std::to_string(size), hash);
    const auto* bytes = static_cast<const char*>(weights.in_place(i));
    if (!bytes) {
      copy.resize(entry.bytes());
      weights.copy_to(i, copy.data());
      bytes = copy.data();
    }
    hash = runtime::hash_of({bytes, entry.bytes()}, hash);
  }
  return hash;
}

}  // namespace

void check_equal(const datasets::ImageDirectory& images, runtime::Control& control) {
  if (control.size() == 1) return;
  constexpr const char* kError = "InvalidDataset.unequal";
  const std::string of = " of the " + images.what(), path = images.root().string();
  std::vector<std::string> names;
  for (const datasets::Category& category : images.categories()) names.push_back("'" + category.name + "'");
  const datasets::Transformation* const carried = images.transformation();
  const auto note = images.extension().find("transforms");
  const std::string transforms = note == images.extension().end() ? "absent" : "'" + note->second + "'";
  runtime::check_equal(control, {{kError, "the number of images" + of, std::to_string(images.size()), path},
                                 {kError, "the list of categories" + of, shortened(runtime::join(names, ", ")), path},
                                 {kError, "the transformation" + of, shortened(carried ? transforms : "absent"), path}});
  const std::size_t size = images.size();
  const auto hash = [&](std::size_t i) {
    std::uint64_t all = runtime::hash_of(images.file(i), static_cast<std::uint64_t>(images.label(i)));
    if (sampled(i, size, kSizesLookedAt)) all = runtime::hash_of(size_of(images, i), all);
    if (sampled(i, size, kFilesRead)) all ^= content(images, i);
    return all;
  };
  const auto description = [&](std::size_t i) {
    return "'" + std::string(images.file(i)) + "'" + label_of(images, i) +
           runtime::formatted(" (%s, of hash %016llx)", size_of(images, i).c_str(),
                              static_cast<unsigned long long>(content(images, i)));
  };
  runtime::check_equal(control, {kError, "an image" + of, path, size, hash, description});
}

void check_equal(const models::ModelDirectory& directory, runtime::Control& control) {
  if (control.size() == 1) return;
  constexpr const char* kError = "InvalidModelDirectory.unequal";
  const models::ModelSpec& model = directory.spec();
  const std::string path = directory.root().string();
  const auto fact = [&](const std::string& what, std::string value) {
    return Fact{kError, what + " of the " + directory.what(), std::move(value), path};
  };
  const std::string classes = model.num_classes ? std::to_string(*model.num_classes) : "absent";
  runtime::check_equal(control, {fact("the network", model.variant->name), fact("the number of classes", classes),
                                 fact("the list of labels", shortened(runtime::join(model.labels, ", "))),
                                 fact("the normalisation", text_of(model.mean) + "; " + text_of(model.std_dev)),
                                 fact("the note whether it is pretrained", model.pretrained ? "True" : "False")});
  const auto hash = static_cast<unsigned long long>(weights_hash(directory.weights()));
  runtime::check_equal(control, {fact("the hash of the weights", runtime::formatted("%016llx", hash))});
}

}  // namespace torchport::component
