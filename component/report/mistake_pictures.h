// The pictures of mistakes: small copies of the photos at the paths that they came from or, where no such file is (a member of an
// archive, a row of an IDX file, a photo that was moved), of the images as they were scored. Used by the section of mistakes.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "component/report/evaluation_facts.h"
#include "component/report/report_facts.h"

namespace torchport::component {

/// The image directory whose images an evaluation is about: the dataset of the Score Image Model that wrote its scored dataset, by
/// the records of the page's runs, of the runs beside it, or of the run that the scored dataset lies in. It need not be there any
/// more. "" where no record tells.
std::filesystem::path scored_images(const ReportFacts& facts, const RunFacts& evaluation);

class MistakePictures {
 public:
  /// `scored`: as scored_images() found it. It is opened when it is first needed.
  explicit MistakePictures(std::filesystem::path scored);
  ~MistakePictures();
  MistakePictures(const MistakePictures&) = delete;
  MistakePictures& operator=(const MistakePictures&) = delete;

  /// A data: address, as thumbnail() makes it. \throws std::runtime_error where neither place has the picture, saying why
  std::string of(const ShownMistake& mistake);
  /// How many came from the scored dataset, and its folder.
  std::size_t as_scored() const { return as_scored_; }
  const std::filesystem::path& scored() const { return scored_; }

 private:
  class Dataset;
  std::filesystem::path scored_;
  std::unique_ptr<Dataset> dataset_;
  std::string trouble_;  ///< of opening it
  std::size_t as_scored_ = 0;
};

}  // namespace torchport::component
