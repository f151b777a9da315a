// What is wrong with image directories, and what is in them: every image is read and decoded once. Called by `torchport
// check-data`.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "datasets/directory/image_directory.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// One thing wrong.
struct Finding {
  /// broken, oversized, duplicate, conflict (duplicates in different categories), empty_category, thin_category, one_category, leak
  /// (an image in both datasets), categories_differ
  std::string kind;
  std::vector<std::string> files;  ///< paths with their directories'
  std::string text;                ///< the reason or the circumstances, in words
};

struct Contents {
  std::string path;
  std::size_t images = 0;
  std::uint64_t bytes = 0;  ///< of all files
  bool labelled = false;
  std::vector<std::pair<std::string, std::size_t>> categories;  ///< images of each, by id
  std::map<std::pair<int, int>, std::size_t> sizes;             ///< images of each width and height, pixels
  std::map<std::string, std::size_t> modes;                     ///< images of each format and mode, e.g. "PNG RGBA"
  std::vector<std::string> notes{};                             ///< what is no problem, but should be known
  std::size_t turned = 0;                                       ///< images that EXIF data say are to be turned or mirrored
  std::size_t blackened = 0;  ///< images around which the transformation that the dataset carries puts black
};

struct Diagnosis {
  std::vector<Contents> datasets;
  std::vector<Finding> findings;  ///< by kind, and then in the order of the images
};

struct ExamineOptions {
  std::size_t thin;  ///< a category with fewer images than this is thin
  int threads;
  runtime::Log* log = nullptr;  ///< whose terminal shows how far it has come
};

/// Examines one dataset, or a training dataset and what it shall not share an image with. Two images are the same where their
/// decoded pixels are, whatever their files' formats and names.
Diagnosis examine(const std::vector<ImageDirectory>& datasets, const ExamineOptions& options);

}  // namespace torchport::datasets
