#include "datasets/directory/image_subset.h"

#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// What all subsets of one directory are made of.
class Parts {
 public:
  explicit Parts(const ImageDirectory& images) : images_(images) {
    if (images.raw()) {
      meta_text_ = meta_text();
      return;
    }
    const runtime::DirectoryMeta meta = runtime::read_meta(images.root(), "InvalidDataset", "dataset");
    meta_text_ = runtime::read_file(images.root() / "_meta.yaml");
    index_name_ = meta.get("image_list");
    schema_name_ = meta.get("schema");
    samples_name_ = meta.get("samples");
    index_ = runtime::read_file(runtime::resolve_inside(images.root(), index_name_));
    for (std::size_t begin = 0; begin < index_.size(); begin = lines_.back()) {
      lines_.push_back(std::min(index_.find('\n', begin), index_.size() - 1) + 1);
    }
  }

  void write(const std::vector<std::uint32_t>& rows, runtime::OutputDirectory& output) const {
    std::string index;
    std::vector<Sample> samples;
    std::set<std::string> written;  // an index may name a file twice
    for (const std::uint32_t row : rows) {
      const std::string name = file_name(row);
      const fs::path from = images_.path(row);
      try {
        if (written.insert(name).second) output.copy(name, from);
        if (samples.size() < kSamples) samples.push_back({runtime::read_file(from), id(row), category(row)});
      } catch (const std::runtime_error& error) {
        throw runtime::Error("CouldNotOpenFile.file", {{"path", from.string()}, {"reason", error.what()}});
      }
      index += line(row);
      if (index.back() != '\n') index += '\n';
    }
    output.write(index_name_, index);
    output.write(schema_name_, images_.schema_json());
    if (!samples_name_.empty()) output.write(samples_name_, samples_text(samples));
  }
  const std::string& meta() const { return meta_text_; }

 private:
  std::optional<std::string> category(std::uint32_t row) const {
    if (!images_.labelled()) return std::nullopt;
    return images_.categories()[static_cast<std::size_t>(images_.label(row))].name;
  }
  std::string file_name(std::uint32_t row) const {
    const std::string name(images_.file(row));
    if (!images_.raw()) return name;
    return converted_name(name, images_.labelled() ? std::optional(images_.label(row)) : std::nullopt, row);
  }
  std::string line(std::uint32_t row) const {
    if (!images_.raw()) return index_.substr(row == 0 ? 0 : lines_[row - 1], lines_[row] - (row == 0 ? 0 : lines_[row - 1]));
    const auto name = category(row);
    return index_line(file_name(row), row, name ? &*name : nullptr);
  }
  std::int64_t id(std::uint32_t row) const {
    const nlohmann::json parsed = nlohmann::json::parse(line(row));
    const auto found = parsed.find("id");
    return found != parsed.end() && found->is_number_integer() ? found->get<std::int64_t>() : row;
  }

  const ImageDirectory& images_;
  std::string meta_text_, index_name_ = "images.lst", schema_name_ = "_schema.json", samples_name_ = "_samples.json";
  std::string index_;
  std::vector<std::size_t> lines_;  ///< where each line of index_ ends
};

}  // namespace

void write_subsets(const ImageDirectory& images, const std::vector<Subset>& subsets) {
  std::vector<runtime::Copies> copies;
  for (const Subset& subset : subsets) {
    const auto file = [&](std::size_t i) { return images.path(subset.rows[i]); };
    copies.push_back({subset.rows.size(), file, subset.output.staging()});
  }
  runtime::check_space(copies);
  const Parts parts(images);
  for (const Subset& subset : subsets) parts.write(subset.rows, subset.output);
  for (const Subset& subset : subsets) subset.output.publish(parts.meta());
}

}  // namespace torchport::datasets
