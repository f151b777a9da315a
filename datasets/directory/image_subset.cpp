#include "datasets/directory/image_subset.h"

#include "datasets/directory/image_directory_form.h"
#include "datasets/directory/image_origins.h"
#include "datasets/directory/image_sizes.h"
#include "datasets/directory/index_lines.h"
#include "datasets/each.h"
#include "datasets/transforms/applied.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/space.h"
#include "runtime/files/typed_directory.h"
#include "runtime/files/unreadable_file.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// The file of an image. \throws Error InvalidDataset.bad_file_name where it lies outside of the directory
fs::path source(const ImageDirectory& images, std::uint32_t row) {
  try {
    return images.path(row);
  } catch (const std::runtime_error&) {
    throw runtime::Error(
        "InvalidDataset.bad_file_name",
        {{"what", images.what()}, {"path", (images.root() / images.file(row)).string()}, {"file", std::string(images.file(row))}});
  }
}

/// What all subsets of one directory are made of.
class Parts {
 public:
  Parts(const ImageDirectory& images, runtime::Log* log, const std::string& where)
      : images_(images), sizes_(images), origins_(images, where) {
    if (log && !origins_.doubt().empty()) log->warning(origins_.doubt());
    if (images.raw()) {
      meta_text_ = meta_text();
      return;
    }
    const runtime::DirectoryMeta meta = runtime::read_meta(images.root(), "InvalidDataset", "dataset");
    try {
      meta_text_ = runtime::read_file(images.root() / runtime::kMetaFile, runtime::kSmallText);
    } catch (const runtime::UnreadableFile& error) {
      throw runtime::Error("InvalidDataset.broken_meta",
                           {{"what", images.what()}, {"path", images.root().string()}, {"reason", error.what()}});
    }
    index_name_ = meta.get("image_list");
    schema_name_ = meta.get("schema");
    samples_name_ = meta.get("samples");
    index_.emplace(images);
  }

  void write(const Subset& subset, runtime::Sharing sharing, int threads, runtime::CopyCounts& counts) const {
    const std::vector<std::uint32_t>& rows = subset.rows;
    std::vector<bool> again(rows.size());  // an index may name a file twice
    std::set<std::string_view> names;
    for (std::size_t k = 0; k < rows.size(); ++k) again[k] = !names.insert(images_.file(rows[k])).second;
    std::vector<NotedSize> noted(rows.size());
    std::vector<std::optional<runtime::CopiedBy>> ways(rows.size());
    each(rows.size(), threads, [&](std::size_t k) {
      const fs::path from = source(images_, rows[k]);
      const std::string name = file_name(rows[k]);
      try {
        const auto size = sizes_.noted(rows[k]);
        if (!again[k]) ways[k] = subset.output.copy(name, from, sharing);
        const auto stamp = size && !again[k] ? runtime::stamp_of(subset.output.path(name)) : std::nullopt;
        if (stamp) noted[k] = {*stamp, *size};
      } catch (const std::runtime_error& error) {
        throw runtime::Error("UserError.lost_image", {{"what", images_.what()}, {"path", from.string()}, {"reason", error.what()}});
      }
    });
    for (const auto way : ways)
      if (way) counts.add(*way);
    write_lists(subset, noted);
  }
  const std::string& meta() const { return meta_text_; }

 private:
  void write_lists(const Subset& subset, const std::vector<NotedSize>& noted) const {
    std::string index;
    std::vector<Sample> samples;
    SizeListWriter sizes;
    OriginListWriter origins;
    for (std::size_t k = 0; k < subset.rows.size(); ++k) {
      const std::uint32_t row = subset.rows[k];
      if (samples.size() < kSamples)
        samples.push_back({runtime::read_file(subset.output.path(file_name(row)), kMaxImageFile), images_.id(row), category(row),
                           images_.other_annotation().empty() ? "" : index_->members(row)});
      index += line(row);
      sizes.add(file_name(row), noted[k]);
      origins.add(file_name(row), origins_.of(row));
    }
    subset.output.write(index_name_, index);
    subset.output.write(schema_name_, images_.schema_json());
    if (!samples_name_.empty()) subset.output.write(samples_name_, samples_text(samples));
    sizes.write(subset.output);
    origins.write(subset.output);
    hand_on_applied(subset.output, images_);
  }
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
    if (index_) return index_->line(row);
    const auto name = category(row);
    return index_line(file_name(row), row, name ? &*name : nullptr);
  }

  const ImageDirectory& images_;
  const ImageSizes sizes_;
  const ImageOrigins origins_;
  std::string meta_text_, index_name_ = "images.lst", schema_name_ = "_schema.json", samples_name_ = "_samples.json";
  std::optional<IndexLines> index_;
};

}  // namespace

runtime::CopyCounts write_subsets(const ImageDirectory& images, const std::vector<Subset>& subsets, runtime::Sharing sharing,
                                  int threads, runtime::Log* log, const std::string& where) {
  std::vector<runtime::Copies> copies;
  for (const Subset& subset : subsets) {
    const auto file = [&](std::size_t i) { return source(images, subset.rows[i]); };
    copies.push_back({subset.rows.size(), file, subset.output.staging(), sharing});
  }
  runtime::check_space(copies);
  const Parts parts(images, log, where);
  runtime::CopyCounts counts;
  for (const Subset& subset : subsets) parts.write(subset, sharing, threads, counts);
  for (const Subset& subset : subsets) subset.output.publish(parts.meta());
  return counts;
}

}  // namespace torchport::datasets
