// The images that were taken for something else: a gallery, those with the largest loss first, a table of more, and the pairs of
// categories that are confused most. Called by the section of an evaluation.
#pragma once
#include "component/report/evaluation_facts.h"
#include "component/report/mistake_pictures.h"
#include "component/report/page.h"

namespace torchport::component {

/// What report.js finds the examples of a cell by; `matrix` as below.
std::string cell_of(std::size_t matrix, std::size_t truth, std::size_t predicted);

/// `matrix`: the number of the confusion matrix in the page, whose cells show these examples. \pre there are mistakes
void add_mistakes(Page& page, const EvaluationFacts& facts, std::size_t matrix, const std::filesystem::path& folder,
                  MistakePictures& pictures);

}  // namespace torchport::component
