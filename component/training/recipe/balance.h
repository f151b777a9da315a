// What --sampling balanced and class weights do with a dataset, in words and figures. Called by Train PyTorch Model before it
// begins.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "datasets/directory/image_directory.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// Logs how many images of each category an epoch draws. Returns a row for each category that has images, for the run's record.
nlohmann::ordered_json tell_of_balance(const datasets::ImageDirectory& images, runtime::Log& log);

/// Logs how much the images of each category weigh in the training loss; likewise.
nlohmann::ordered_json tell_of_weights(const std::vector<double>& weights, const datasets::ImageDirectory& images,
                                       runtime::Log& log);

}  // namespace torchport::component
