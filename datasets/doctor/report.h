// A diagnosis as text and as JSON. Called by `torchport check-data`.
#pragma once
#include <string>

#include "datasets/doctor/examine.h"

namespace torchport::datasets {

/// The diagnosis for people: `most` findings of each kind, and how many more there are.
std::string diagnosis_text(const Diagnosis& diagnosis, std::size_t most);
/// The whole of it for programs.
std::string diagnosis_json(const Diagnosis& diagnosis);

}  // namespace torchport::datasets
