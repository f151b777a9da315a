// Prints how strata are split: for each line "fraction seed stratum stratum ..." of standard input the rows of the first side, "|",
// those of the second, and "stratified" or "plain". tests/datasets/split_test.py compares them with scikit-learn's.
#include <iostream>
#include <sstream>

#include "datasets/directory/split.h"

int main() {
  using namespace torchport::datasets;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    double fraction = 0;
    std::uint32_t seed = 0;
    words >> fraction >> seed;
    std::vector<std::int32_t> strata;
    for (std::int32_t stratum; words >> stratum;) strata.push_back(stratum);
    const auto stratified = stratified_split(strata, fraction, seed);
    const Split split = stratified ? *stratified : random_split(strata.size(), fraction, seed);
    for (const auto row : split.first) std::cout << row << ' ';
    std::cout << "| ";
    for (const auto row : split.second) std::cout << row << ' ';
    std::cout << (stratified ? "stratified" : "plain") << '\n';
  }
}
