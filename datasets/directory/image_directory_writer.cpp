#include "datasets/directory/image_directory_form.h"
#include "datasets/directory/image_sizes.h"
#include "datasets/directory/origin_list.h"
#include "datasets/each.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"

namespace torchport::datasets {
namespace {

/// The size of an image whose bytes are at hand; 0 x 0 where they are none.
ImageSize size_of(std::string_view bytes) {
  try {
    const ImageHeader header = read_header(bytes);
    return {header.height, header.width};
  } catch (const ImageError&) {
    return {};
  }
}

}  // namespace

struct ImageDirectoryWriter::State {
  runtime::OutputDirectory& output;
  std::optional<std::vector<std::string>> categories;
  Extension extension;
  std::string schema;
  std::string index{};
  SizeListWriter sizes{};
  OriginListWriter origins{};
  std::vector<Sample> samples{};
  std::int64_t count = 0;

  void index_next(const std::string& file_name, std::optional<std::int32_t> label, std::optional<std::int64_t> given,
                  const NotedSize& noted, const AboutImage& about) {
    if (label.has_value() != categories.has_value()) throw std::logic_error("labels and categories come together");
    const std::string* category = label ? &categories->at(static_cast<std::size_t>(*label)) : nullptr;
    const std::int64_t id = given.value_or(count);
    index += about.line.empty() ? index_line(file_name, id, category) : about.line;
    sizes.add(file_name, noted);
    origins.add(file_name, about.origin);
    if (samples.size() < kSamples)
      samples.push_back({runtime::read_file(output.path(file_name), kMaxImageFile), id,
                         category ? std::optional(*category) : std::nullopt, about.members});
    ++count;
  }
};

ImageDirectoryWriter::ImageDirectoryWriter(runtime::OutputDirectory& output, std::optional<std::vector<std::string>> categories,
                                           Extension extension, std::string schema)
    : state_(std::make_unique<State>(State{output, std::move(categories), std::move(extension), std::move(schema)})) {}

ImageDirectoryWriter::~ImageDirectoryWriter() = default;

void ImageDirectoryWriter::add(const std::string& file_name, std::string_view bytes, std::optional<std::int32_t> label,
                               std::optional<std::int64_t> id, const AboutImage& about) {
  state_->output.write(file_name, bytes);
  const auto stamp = runtime::stamp_of(state_->output.path(file_name));
  state_->index_next(file_name, label, id, {stamp.value_or(runtime::Stamp{}), stamp ? size_of(bytes) : ImageSize{}}, about);
}

runtime::CopyCounts ImageDirectoryWriter::add_files(std::size_t count, const std::function<File(std::size_t)>& file,
                                                    const std::function<std::filesystem::path(std::size_t)>& from, Transfer how,
                                                    int threads) {
  using runtime::Sharing;
  std::vector<std::optional<runtime::Stamp>> stamps(count);
  std::vector<runtime::CopiedBy> ways(count);
  each(count, threads, [&](std::size_t i) {
    const File one = file(i);
    const std::string& name = one.name;
    const std::filesystem::path source = from(i);
    try {
      if (one.make) {
        state_->output.write(name, one.make());
      } else if (how == Transfer::move) {
        state_->output.take(name, source);
      } else {
        ways[i] = state_->output.copy(name, source, how == Transfer::link ? Sharing::inode : Sharing::blocks);
      }
    } catch (const std::runtime_error& error) {
      throw runtime::Error("CouldNotOpenFile.file", {{"path", source.string()}, {"reason", error.what()}});
    }
    stamps[i] = runtime::stamp_of(state_->output.path(name));
  });
  runtime::CopyCounts counts;
  for (std::size_t i = 0; i < count; ++i) {
    const File one = file(i);
    if (how != Transfer::move) counts.add(ways[i]);
    state_->index_next(one.name, one.label, one.id, {stamps[i].value_or(runtime::Stamp{}), stamps[i] ? one.size : ImageSize{}},
                       one.about);
  }
  return counts;
}

void ImageDirectoryWriter::publish() {
  state_->output.write("images.lst", state_->index);
  state_->output.write("_schema.json", state_->schema.empty() ? schema_text(state_->categories) : state_->schema);
  state_->output.write("_samples.json", samples_text(state_->samples));
  state_->sizes.write(state_->output);
  state_->origins.write(state_->output);
  state_->output.publish(meta_text(state_->extension));
}

}  // namespace torchport::datasets
