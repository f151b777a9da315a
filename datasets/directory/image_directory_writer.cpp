#include "datasets/directory/image_directory_form.h"

namespace torchport::datasets {

struct ImageDirectoryWriter::State {
  runtime::OutputDirectory& output;
  std::optional<std::vector<std::string>> categories;
  Extension extension;
  std::string index;
  std::vector<Sample> samples;
  std::int64_t count = 0;

  template <class Bytes>
  void index_next(const std::string& file_name, std::optional<std::int32_t> label, std::int64_t id, Bytes&& bytes) {
    if (label.has_value() != categories.has_value()) throw std::logic_error("labels and categories come together");
    const std::string* category = label ? &categories->at(static_cast<std::size_t>(*label)) : nullptr;
    index += index_line(file_name, id, category);
    if (samples.size() < kSamples) samples.push_back({bytes(), id, category ? std::optional(*category) : std::nullopt});
    ++count;
  }
};

ImageDirectoryWriter::ImageDirectoryWriter(runtime::OutputDirectory& output, std::optional<std::vector<std::string>> categories,
                                           Extension extension)
    : state_(std::make_unique<State>(State{output, std::move(categories), std::move(extension), {}, {}, 0})) {}

ImageDirectoryWriter::~ImageDirectoryWriter() = default;

void ImageDirectoryWriter::add(const std::string& file_name, std::string_view bytes, std::optional<std::int32_t> label,
                               std::optional<std::int64_t> id) {
  state_->output.write(file_name, bytes);
  state_->index_next(file_name, label, id.value_or(state_->count), [&] { return std::string(bytes); });
}

void ImageDirectoryWriter::add_file(const std::string& file_name, const std::filesystem::path& from,
                                    std::optional<std::int32_t> label, Transfer how) {
  if (how == Transfer::move) {
    state_->output.take(file_name, from);
  } else {
    state_->output.copy(file_name, from);
  }
  state_->index_next(file_name, label, state_->count, [&] { return runtime::read_file(state_->output.path(file_name)); });
}

void ImageDirectoryWriter::publish() {
  state_->output.write("images.lst", state_->index);
  state_->output.write("_schema.json", schema_text(state_->categories));
  state_->output.write("_samples.json", samples_text(state_->samples));
  state_->output.publish(meta_text(state_->extension));
}

}  // namespace torchport::datasets
