// ImageDirectory (docs/contract.md, "ImageDirectory"): an index of image files with labels, read strictly and written as the
// original does. Torch-free: used by the checks, Convert to Image Directory and the loader.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/transforms/transformation.h"
#include "runtime/files/output_directory.h"

namespace torchport::datasets {

/// A category of the schema. Its id, not its place, is the class index of training.
struct Category {
  std::int64_t id = 0;
  std::string name;
  bool operator==(const Category&) const = default;
};

/// What a directory's `_meta.yaml` says beyond the contract: texts by name, e.g. "transforms"
/// (datasets/transforms/transformation.h). Whoever makes a directory of another's images hands it on.
using Extension = std::map<std::string, std::string, std::less<>>;

/// What the images of a directory may be annotated for: with one category each, as training needs it, or with anything, such as
/// boxes, which Split and Apply hand on as it stands.
enum class Annotations { categories, any };

/// An opened ImageDirectory: its index, in at most 100 bytes an image, and its categories. Image files are not touched.
class ImageDirectory {
 public:
  /// Reads `_meta.yaml`, the schema and the index; a tree of class folders without `_meta.yaml` is taken as it is.
  /// `what` names the directory in errors, e.g. "training dataset".
  /// \throws Error InvalidDataset.* where anything is missing, broken, permuted or guessed at by the original (contract 2.1, W18)
  static ImageDirectory open(const std::filesystem::path& root, std::string_view what,
                             Annotations annotations = Annotations::categories);

  std::size_t size() const { return labels_.size(); }
  bool labelled() const { return labelled_; }
  /// Read from class folders, without metadata.
  bool raw() const { return raw_; }
  const std::filesystem::path& root() const { return root_; }
  /// What it was opened as, e.g. "training dataset".
  const std::string& what() const { return what_; }
  /// Sorted by id; ids are 0 .. n-1.
  const std::vector<Category>& categories() const { return categories_; }
  /// The class index of image `i`, or -1 in an unlabelled directory.
  std::int32_t label(std::size_t i) const { return labels_[i]; }
  /// The `id` of image `i` in the index, or its line number from 0 on: a number that stays with the image when directories are
  /// split.
  std::int64_t id(std::size_t i) const { return ids_[i]; }
  /// The index's key, and so the scored dataset's column, of the categories; "" in an unlabelled directory.
  const std::string& label_column() const { return label_column_; }
  /// The annotation type of a directory that is annotated for something else than categories, which counts as unlabelled; else "".
  const std::string& other_annotation() const { return other_annotation_; }
  /// The index's key of what says where the image is.
  const std::string& image_key() const { return image_key_; }
  const Extension& extension() const { return extension_; }
  /// The transformation that the images are to go through whenever they are read, of extension()'s "transforms"; null: none.
  /// Training applies all of it, everything else what is left for inference.
  const Transformation* transformation() const { return transformation_ ? &*transformation_ : nullptr; }
  /// Lets the images go through `transformation`, as if the directory carried it.
  void carry(Transformation transformation) { transformation_ = std::move(transformation); }
  /// Path below root(), as in the index.
  std::string_view file(std::size_t i) const;
  /// Checked path of the image file. \throws std::runtime_error if it leads out of root()
  std::filesystem::path path(std::size_t i) const;
  /// The bytes of _schema.json and _samples.json as they stand (made afresh for class folders): a trained model carries them.
  std::string schema_json() const;
  std::string samples_json() const;

 private:
  std::filesystem::path root_;
  std::string what_;
  std::string names_;                // all file names, one after another
  std::vector<std::uint64_t> ends_;  // where each name ends in names_
  std::vector<std::int32_t> labels_;
  std::vector<std::int64_t> ids_;
  std::vector<Category> categories_;
  std::string label_column_, image_key_ = "image_info", other_annotation_, schema_, samples_;
  Extension extension_;
  std::optional<Transformation> transformation_;
  bool labelled_ = false, raw_ = false;
  friend class ImageDirectoryReader;
};

/// A copy of the transformation that `images` carries, as training (`augmented`) or everything else is to apply it.
std::optional<Transformation> carried(const ImageDirectory& images, bool augmented);

/// The two datasets of a training must have the same categories with the same ids.
/// \throws Error InvalidDataset.categories_differ listing the difference (at most 10 names each way)
void check_same_categories(const ImageDirectory& train, const ImageDirectory& valid);

/// What may be known of an image beside its label.
struct AboutImage {
  std::string origin{};   ///< the path that it came from
  std::string line{};     ///< of the index, for annotations other than categories; "" for the one that follows from the rest
  std::string members{};  ///< of that line, beside image and id (IndexLines)
};

/// Writes an ImageDirectory image by image, with the original's file names, fields and forms.
class ImageDirectoryWriter {
 public:
  /// `categories` in id order; absent for an unlabelled directory. A `schema` takes the place of the one that follows from them.
  ImageDirectoryWriter(runtime::OutputDirectory& output, std::optional<std::vector<std::string>> categories,
                       Extension extension = {}, std::string schema = "");
  ~ImageDirectoryWriter();
  /// Adds the next image: `bytes` go to `file_name` (below the root, e.g. "image/0_3.png"), unchanged. Without an `id` it is the
  /// number of the images before it.
  void add(const std::string& file_name, std::string_view bytes, std::optional<std::int32_t> label,
           std::optional<std::int64_t> id = std::nullopt, const AboutImage& about = {});
  /// A file to be added as it is.
  struct File {
    std::string name;  ///< as in add()
    std::optional<std::int32_t> label;
    std::optional<std::int64_t> id;
    ImageSize size;  ///< of the image; 0 x 0 where nobody has looked
    AboutImage about{};
    std::function<std::string()> make{};  ///< makes the bytes, where they are not those of the file
  };
  /// How such files come here; `move` is for those in the output's scratch folder.
  enum class Transfer { copy, link, move };
  /// Adds file(0) .. file(count - 1), which lie at from(0) .. from(count - 1), in that order. Several threads call both functions;
  /// `file` is called again for the index. \throws Error CouldNotOpenFile.file
  runtime::CopyCounts add_files(std::size_t count, const std::function<File(std::size_t)>& file,
                                const std::function<std::filesystem::path(std::size_t)>& from, Transfer how, int threads);
  /// Writes index, schema, samples, sizes, origins and publishes.
  void publish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace torchport::datasets
