#include "datasets/transforms/applied.h"

#include "runtime/files/files.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// The note of the directory alone.
Applied noted(const ImageDirectory& images) {
  const fs::path file = images.root() / kAppliedList;
  std::error_code absent;
  if (images.raw() || !fs::exists(fs::symlink_status(file, absent))) return {};
  try {
    return {Transformation::parse(runtime::read_file(runtime::resolve_inside(images.root(), kAppliedList), runtime::kSmallText)),
            ""};
  } catch (const std::runtime_error& error) {
    return {std::nullopt, "The transformation noted in '" + file.string() + "' is not used: " + error.what() + "."};
  }
}

/// One after the other; nothing where that is more than a list may have.
std::optional<Transformation> joined(const std::optional<Transformation>& first, const Transformation& next) {
  const Transformation rest = next.without_random();
  if (!first || first->operations() == 0) return rest;
  if (rest.operations() == 0) return first;
  const std::string begin = first->json(), end = rest.json();
  try {
    return Transformation::parse(begin.substr(0, begin.size() - 1) + "," + end.substr(1));
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

}  // namespace

Applied applied_to(const ImageDirectory& images) {
  Applied found = noted(images);
  if (images.transformation() && found.doubt.empty()) found.transformation = joined(found.transformation, *images.transformation());
  return found;
}

void note_applied(runtime::OutputDirectory& output, const ImageDirectory& images, const Transformation& next) {
  const Applied before = noted(images);
  if (!before.doubt.empty()) return;
  if (const auto all = joined(before.transformation, next)) output.write(kAppliedList, all->json() + "\n");
}

void hand_on_applied(runtime::OutputDirectory& output, const ImageDirectory& images) {
  if (const auto before = noted(images).transformation) output.write(kAppliedList, before->json() + "\n");
}

}  // namespace torchport::datasets
