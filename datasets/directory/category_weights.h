// How much the images of each category weigh in the training loss. Read and made by Train PyTorch Model; its check reads the file
// before anything starts.
#pragma once
#include <filesystem>
#include <vector>

#include "datasets/directory/image_directory.h"

namespace torchport::datasets {

/// The weights in a CSV file (RFC 4180) with the columns category and weight, a row for each category of `images`, by class index.
/// Weights are numbers greater than 0. \throws Error CouldNotOpenFile.file, FileParsingFailed.class_weights
std::vector<double> read_category_weights(const std::filesystem::path& file, const ImageDirectory& images);

/// Images of each category, by class index.
std::vector<std::size_t> images_of_categories(const ImageDirectory& images);

/// images / (categories with images x images of the category), as scikit-learn's compute_class_weight("balanced"); 1 where a
/// category has no image.
std::vector<double> balanced_category_weights(const std::vector<std::size_t>& images);

/// The same weights times one number, which makes their mean over all images 1. The weighted mean of a loss does not depend on it.
std::vector<double> with_mean_of_one(std::vector<double> weights, const std::vector<std::size_t>& images);

}  // namespace torchport::datasets
