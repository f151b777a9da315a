#include "component/report/mistake_pictures.h"

#include <unordered_map>

#include "component/report/thumbnail.h"
#include "datasets/directory/image_origins.h"
#include "runtime/pipeline/history.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::map_of;
using runtime::text_of;

std::string path_of(const nlohmann::json& record, const char* ports, const std::string& port) {
  return text_of(map_of(map_of(record, ports), port), "path");
}

/// The dataset of a scoring, where its record says that it wrote `table`; "" else.
std::string dataset_of(const nlohmann::json& record, const std::string& table) {
  return path_of(record, "outputs", "scored_dataset") == table ? path_of(record, "inputs", "dataset") : "";
}

/// A folder that a record names, where it is now: a run may have been moved with all its steps.
fs::path where_now(const ReportFacts& facts, const fs::path& recorded) {
  std::error_code ignored;
  if (fs::is_directory(recorded, ignored)) return recorded;
  for (const RunFacts& run : facts.runs)
    for (const auto& [port, output] : map_of(run.record, "outputs").items())
      if (text_of(output, "path") == recorded)
        if (const fs::path there = run.output(port); !there.empty()) return there;
  return recorded;
}

/// Whether the path of a mistake, "" where none was noted, is that of an image, which may be told from elsewhere.
bool same_image(const std::string& noted, const std::string& origin) {
  return noted.empty() || noted == origin || (fs::path(noted).is_relative() && origin.ends_with("/" + noted));
}

}  // namespace

fs::path scored_images(const ReportFacts& facts, const RunFacts& evaluation) {
  const std::string table = path_of(evaluation.record, "inputs", "scored_dataset");
  if (table.empty()) return {};
  for (const RunFacts& run : facts.runs)
    if (const fs::path dataset = dataset_of(run.record, table); !dataset.empty()) return where_now(facts, dataset);
  std::vector<fs::path> others = {fs::path(table).parent_path().parent_path()};  // as a pipeline lays them
  std::error_code ignored;
  for (fs::directory_iterator entry(facts.folder.parent_path(), ignored), end; entry != end; entry.increment(ignored))
    others.push_back(entry->path());
  for (const fs::path& folder : others)
    if (const fs::path dataset = dataset_of(read_run_record(folder), table); !dataset.empty()) return dataset;
  return {};
}

/// Its images by their ids.
class MistakePictures::Dataset {
 public:
  explicit Dataset(const fs::path& root)
      : images_(datasets::ImageDirectory::open(root, "scored dataset", datasets::Annotations::any)), origins_(images_) {
    for (std::size_t i = 0; i < images_.size(); ++i) places_.emplace(std::to_string(images_.id(i)), i);
  }
  /// \throws std::runtime_error where it is another image's: the folder may have been filled anew
  fs::path file(const ShownMistake& mistake) const {
    const auto place = places_.find(mistake.id);
    if (place == places_.end()) throw std::runtime_error("the dataset has no image with the id '" + mistake.id + "' any more");
    if (const std::string origin = origins_.of(place->second); !same_image(mistake.image, origin))
      throw std::runtime_error("the dataset has another image with the id " + mistake.id + ", '" + origin + "'");
    return images_.path(place->second);
  }

 private:
  datasets::ImageDirectory images_;
  datasets::ImageOrigins origins_;
  std::unordered_map<std::string, std::size_t> places_;
};

MistakePictures::MistakePictures(fs::path scored) : scored_(std::move(scored)) {
  if (scored_.empty()) trouble_ = "no record says which dataset was scored";
}

MistakePictures::~MistakePictures() = default;

std::string MistakePictures::of(const ShownMistake& mistake) {
  std::string gone;
  try {
    return thumbnail(mistake.image);
  } catch (const std::exception& fault) {
    gone = fault.what();
  }
  try {
    if (!dataset_ && trouble_.empty()) dataset_ = std::make_unique<Dataset>(scored_);
  } catch (const std::exception& fault) {
    trouble_ = "in '" + scored_.string() + "': " + fault.what();
  }
  if (!dataset_) throw std::runtime_error(gone + "; " + trouble_);
  try {
    const std::string picture = thumbnail(dataset_->file(mistake));
    ++as_scored_;
    return picture;
  } catch (const std::exception& fault) {
    throw std::runtime_error(gone + "; in '" + scored_.string() + "': " + fault.what());
  }
}

}  // namespace torchport::component
