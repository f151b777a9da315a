#include "datasets/transforms/transformation.h"

#include "datasets/transforms/operation.h"
#include "runtime/error/error.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostOperations = 100;
constexpr runtime::JsonLimits kLimits{8, 10'000};

/// torchvision's operations that the original takes, too, but that make no image of one image.
constexpr std::array<std::string_view, 5> kNoImage = {"ToTensor", "ToPILImage", "Normalize", "FiveCrop", "TenCrop"};

/// "RandomResizedCrop" for random_resized_crop: the names of files and functions are those of the operations.
std::string class_name(std::string_view stem) {
  std::string name;
  bool capital = true;
  for (const char c : stem) {
    if (c != '_') name += capital ? static_cast<char>(c - 'a' + 'A') : c;
    capital = c == '_';
  }
  return name;
}

Operation make_operation(const std::string& name, const Json& arguments) {
  if (std::find(kNoImage.begin(), kNoImage.end(), name) != kNoImage.end())
    throw ArgumentError("it does not make one image of one image");
  std::vector<std::string> known;
  for (const auto& [stem, make] : transforms()) {
    known.push_back(class_name(stem));
    if (known.back() != name) continue;
    Arguments args{nlohmann::json(arguments)};
    return make(args);
  }
  const std::string near = runtime::nearest(name, known);
  throw ArgumentError("there is no such operation" + (near.empty() ? "" : "; did you mean " + near + "?"));
}

/// The size after one operation. \throws TransformError
ImageSize size_after(const std::string& name, const Operation& operation, ImageSize from) {
  try {
    const ImageSize to = operation.resize ? operation.resize(from) : from;
    check_area(to.height, to.width);
    return to;
  } catch (const TransformError& error) {
    throw TransformError(name + ": " + error.what());
  }
}

RandomStream stream(const DrawKey& key, std::uint64_t operation) {
  const auto seed = static_cast<std::uint64_t>(key.seed), epoch = static_cast<std::uint64_t>(key.epoch);
  return key.draw == 0 ? RandomStream{seed, epoch, key.image, operation}
                       : RandomStream{seed, epoch, key.image, operation, key.draw};
}

}  // namespace

struct Transformation::Step {
  std::string name;
  Operation operation;
  std::uint64_t stream = 0;  // its place among all operations, also when others are left out
  Json row;
};

Transformation::Transformation(std::vector<Step> steps) : steps_(std::make_shared<const std::vector<Step>>(std::move(steps))) {}

Transformation Transformation::parse(std::string_view json) {
  const Json list = runtime::parse_ordered_json(json, kLimits);
  if (!list.is_array()) throw std::runtime_error("it is not a list of operations");
  if (list.size() > kMostOperations)
    throw std::runtime_error("it has more than " + std::to_string(kMostOperations) + " operations");
  std::vector<Step> steps;
  for (const Json& row : list) {
    const std::string place = "operation " + std::to_string(steps.size() + 1);
    if (!row.is_array() || row.size() != 2 || !row[0].is_string())
      throw std::runtime_error(place + " is not a name with its arguments");
    const std::string name = row[0].get<std::string>();
    try {
      Operation operation = make_operation(name, row[1]);
      steps.push_back({name, std::move(operation), steps.size(), row});
    } catch (const ArgumentError& error) {
      throw std::runtime_error(place + ", " + runtime::escape(name) + ": " + error.what());
    }
  }
  return Transformation(std::move(steps));
}

Transformation Transformation::without_random() const {
  std::vector<Step> rest = *steps_;
  std::erase_if(rest, [](const Step& step) { return step.operation.random; });
  return Transformation(std::move(rest));
}

bool Transformation::random() const {
  return std::any_of(steps_->begin(), steps_->end(), [](const Step& step) { return step.operation.random; });
}

ImageSize Transformation::size(ImageSize from) const {
  for (const Step& step : *steps_) from = size_after(step.name, step.operation, from);
  return from;
}

bool Transformation::blackens(ImageSize from) const {
  for (const Step& step : *steps_) {
    if (step.operation.blackens && step.operation.blackens(from)) return true;
    from = size_after(step.name, step.operation, from);
  }
  return false;
}

std::optional<ImageSize> Transformation::fixed_size() const {
  std::optional<ImageSize> size;
  try {
    for (const Step& step : *steps_)
      size = size ? std::optional(size_after(step.name, step.operation, *size)) : step.operation.fixed;
  } catch (const TransformError&) {  // whatever the image: each says so when it is read
    return std::nullopt;
  }
  return size;
}

void Transformation::apply(Pixels& image, const DrawKey& key) const {
  const Beginning first = beginning(image.size(), key);
  image = placed(std::move(image), first.placement);
  apply_after(first, image, key);
}

Transformation::Beginning Transformation::beginning(ImageSize from, const DrawKey& key) const {
  Beginning made{Placement::whole(from), 0, from};
  for (const Step& step : *steps_) {
    const ImageSize size = size_after(step.name, step.operation, made.size);
    RandomStream random = stream(key, step.stream);
    const auto next = step.operation.place ? step.operation.place(made.size, random) : std::nullopt;
    if (!next || !made.placement.then(*next)) break;
    made.size = size;
    ++made.operations;
  }
  return made;
}

void Transformation::apply_after(const Beginning& beginning, Pixels& image, const DrawKey& key) const {
  for (auto step = steps_->begin() + static_cast<std::ptrdiff_t>(beginning.operations); step != steps_->end(); ++step) {
    size_after(step->name, step->operation, image.size());
    RandomStream random = stream(key, step->stream);
    const auto placement = step->operation.place ? step->operation.place(image.size(), random) : std::nullopt;
    if (placement) {
      image = placed(std::move(image), *placement);
    } else {
      step->operation.apply(image, random);
    }
  }
}

std::size_t Transformation::operations() const { return steps_->size(); }

std::string Transformation::json(int indent) const {
  Json list = Json::array();
  for (const Step& step : *steps_) list.push_back(step.row);
  return list.dump(indent, ' ', true);
}

std::string Transformation::names() const {
  std::vector<std::string> names;
  for (const Step& step : *steps_) names.push_back(step.name);
  return names.empty() ? "no operation" : runtime::join(names, ", ");
}

}  // namespace torchport::datasets
