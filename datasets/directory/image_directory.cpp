#include "datasets/directory/image_directory.h"

#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/text.h"
#include "runtime/text/wide_text.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kNamesShown = 10;
constexpr std::size_t kMaxSamples = std::size_t{64} << 20;  ///< bytes of three images as base64

/// "cat, dog, fox", or their beginning and "and 90 more".
std::string listing(const std::vector<std::string>& names) {
  std::vector<std::string> shown(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kNamesShown)));
  if (names.size() > kNamesShown) shown.push_back("and " + std::to_string(names.size() - kNamesShown) + " more");
  return runtime::join(shown, ", ");
}

std::vector<std::string> names_of(const ImageDirectory& images) {
  std::vector<std::string> names;
  for (const Category& category : images.categories()) names.push_back(category.name);
  return names;
}

/// Names of `from` that `others` lacks.
std::vector<std::string> missing_in(const std::vector<std::string>& others, const std::vector<std::string>& from) {
  const std::set<std::string> known(others.begin(), others.end());
  std::vector<std::string> missing;
  for (const std::string& name : from) {
    if (!known.contains(name)) missing.push_back(name);
  }
  return missing;
}

/// Names that both have, under other ids: "cat (0 and 1)".
std::vector<std::string> renumbered(const ImageDirectory& train, const ImageDirectory& valid) {
  std::map<std::string, std::int64_t> ids;
  for (const Category& category : valid.categories()) ids[category.name] = category.id;
  std::vector<std::string> changed;
  for (const Category& category : train.categories()) {
    const auto other = ids.find(category.name);
    if (other == ids.end() || other->second == category.id) continue;
    changed.push_back(category.name + " (" + std::to_string(category.id) + " and " + std::to_string(other->second) + ")");
  }
  return changed;
}

}  // namespace

std::string_view ImageDirectory::file(std::size_t i) const {
  const std::uint64_t start = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(names_).substr(start, ends_[i] - start);
}

std::filesystem::path ImageDirectory::path(std::size_t i) const { return runtime::resolve_inside(root_, file(i)); }

std::string ImageDirectory::schema_json() const {
  if (!raw_) return schema_;
  return schema_text(labelled_ ? std::optional(names_of(*this)) : std::nullopt);
}

std::string ImageDirectory::samples_json() const {
  try {
    if (!samples_.empty()) return runtime::read_file(runtime::resolve_inside(root_, samples_), kMaxSamples);
  } catch (const std::runtime_error&) {
    // Nothing depends on the samples but a preview: they are made afresh below.
  }
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < std::min(size(), kSamples); ++i) {
    Sample sample{runtime::read_file(path(i), kMaxImageFile), id(i), std::nullopt};
    if (labelled_) sample.category = categories_[static_cast<std::size_t>(label(i))].name;
    samples.push_back(std::move(sample));
  }
  return samples_text(samples);
}

std::optional<Transformation> carried(const ImageDirectory& images, bool augmented) {
  const Transformation* transformation = images.transformation();
  if (!transformation) return std::nullopt;
  return augmented ? *transformation : transformation->without_random();
}

void check_same_categories(const ImageDirectory& train, const ImageDirectory& valid) {
  if (train.categories() == valid.categories()) return;
  const std::vector<std::string> train_names = names_of(train), valid_names = names_of(valid);
  const std::string train_path = runtime::visible(train.root().string()), valid_path = runtime::visible(valid.root().string());
  const std::size_t width = std::max(runtime::columns_of(train_path), runtime::columns_of(valid_path));
  const auto place = [&](const std::string& path) { return path + std::string(width - runtime::columns_of(path) + 3, ' '); };
  std::vector<runtime::Detail> table = {{"training dataset", place(train_path) + listing(train_names)},
                                        {"validation dataset", place(valid_path) + listing(valid_names)}};
  const auto row = [&](const char* label, const std::vector<std::string>& names) {
    if (!names.empty()) table.push_back({label, listing(names)});
  };
  row("only in training", missing_in(valid_names, train_names));
  row("only in validation", missing_in(train_names, valid_names));
  row("different ids", renumbered(train, valid));
  throw runtime::Error("InvalidDataset.categories_differ", {{"path", valid.root().string()}}, std::move(table));
}

}  // namespace torchport::datasets
