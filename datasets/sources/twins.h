// Categories whose names differ in what nobody sees: case, blanks at an end, composed or decomposed accents. Called by formats that
// name their categories after folders.
#pragma once
#include <string>
#include <vector>

#include "datasets/sources/account.h"

namespace torchport::datasets {

/// Remarks in `account` which of the `categories` look alike, and whether they are the parts of a data set (train, test).
void remark_twins(const std::vector<std::string>& categories, Account& account);

}  // namespace torchport::datasets
