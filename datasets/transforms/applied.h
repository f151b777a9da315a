// What was done to the photos of a directory since they were photos, as a note beside its files (docs/contract.md, "The applied
// transformation"). Written by Apply, handed on by Split; Train puts it into the model, and Score compares.
#pragma once
#include <optional>
#include <string>

#include "datasets/directory/image_directory.h"
#include "datasets/transforms/transformation.h"
#include "runtime/files/output_directory.h"

namespace torchport::datasets {

inline constexpr std::string_view kAppliedList = "_applied_transforms.json";

struct Applied {
  /// What photos go through until they are read from the directory, for inference: what was applied, and what the directory
  /// carries. Absent where nothing is known.
  std::optional<Transformation> transformation;
  std::string doubt;  ///< for the log: that there is a note which is not used, and why
};
Applied applied_to(const ImageDirectory& images);

/// Notes for the images of `output` what was applied to those of `images`, and after it `next` without what is random. Nothing is
/// noted where an earlier note is damaged. Comes before publish().
void note_applied(runtime::OutputDirectory& output, const ImageDirectory& images, const Transformation& next);

/// Hands the note of `images` on as it is, where there is one.
void hand_on_applied(runtime::OutputDirectory& output, const ImageDirectory& images);

}  // namespace torchport::datasets
