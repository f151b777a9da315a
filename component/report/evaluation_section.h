// What an evaluation found: figures, confusion matrix, the categories one by one, reliability. Called by the report of a run.
#pragma once
#include "component/report/evaluation_facts.h"
#include "component/report/mistake_pictures.h"
#include "component/report/page.h"

namespace torchport::component {

/// `name`: of the step; `folder`: what the facts were read from; `pictures` of its mistakes.
void add_evaluation(Page& page, const EvaluationFacts& facts, const std::string& name, const std::filesystem::path& folder,
                    MistakePictures& pictures);

}  // namespace torchport::component
