#include "datasets/directory/category_weights.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/csv_rows.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

double number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value) ? value : 0;
}

}  // namespace

std::vector<double> read_category_weights(const std::filesystem::path& file, const ImageDirectory& images) {
  std::string text;
  try {
    text = runtime::read_file(file, kMostBytes);
  } catch (const std::runtime_error& error) {
    throw runtime::Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte order mark, as spreadsheets write it
  std::size_t row = 0;
  const auto refuse = [&](const std::string& problem) {
    throw runtime::Error("FileParsingFailed.class_weights",
                         {{"path", file.string()}, {"row", std::to_string(row)}, {"problem", problem}});
  };
  std::map<std::string, std::size_t, std::less<>> places;
  for (const auto& category : images.categories()) places.emplace(category.name, places.size());
  std::vector<double> weights(places.size());
  const bool ends = runtime::read_csv(text, [&](const std::vector<std::string>& fields) {
    if (++row == 1) {
      if (fields != std::vector<std::string>{"category", "weight"}) refuse("is not the header 'category,weight'");
      return true;
    }
    if (fields.size() != 2) refuse("has " + std::to_string(fields.size()) + " fields instead of 2");
    const auto place = places.find(fields[0]);
    if (place == places.end())
      refuse("names '" + runtime::visible(fields[0]) + "', which is not a category of the training dataset");
    double& weight = weights[place->second];
    if (weight != 0) refuse("names '" + runtime::visible(fields[0]) + "' again");
    weight = number(fields[1]);
    if (!(weight > 0)) refuse("has the weight '" + runtime::visible(fields[1]) + "', which is not a number greater than 0");
    return true;
  });
  if (!ends) refuse("is cut: its last field has no closing quote");
  ++row;
  if (row == 1) refuse("is not the header 'category,weight'");
  for (const auto& [name, place] : places)
    if (weights[place] == 0) refuse("is missing: the category '" + runtime::visible(name) + "' has no weight");
  return weights;
}

std::vector<std::size_t> images_of_categories(const ImageDirectory& images) {
  std::vector<std::size_t> counts(images.categories().size());
  for (std::size_t i = 0; i < images.size(); ++i) ++counts[static_cast<std::size_t>(images.label(i))];
  return counts;
}

std::vector<double> balanced_category_weights(const std::vector<std::size_t>& images) {
  const auto all = static_cast<double>(std::accumulate(images.begin(), images.end(), std::size_t{0}));
  const auto present = static_cast<double>(std::count_if(images.begin(), images.end(), [](std::size_t n) { return n > 0; }));
  std::vector<double> weights;
  for (const std::size_t count : images) weights.push_back(count == 0 ? 1 : all / (present * static_cast<double>(count)));
  return weights;
}

std::vector<double> with_mean_of_one(std::vector<double> weights, const std::vector<std::size_t>& images) {
  double sum = 0, all = 0;
  for (std::size_t c = 0; c < images.size(); ++c) {
    sum += weights[c] * static_cast<double>(images[c]);
    all += static_cast<double>(images[c]);
  }
  for (double& weight : weights) weight *= all / sum;
  return weights;
}

}  // namespace torchport::datasets
