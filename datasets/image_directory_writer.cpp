#include "datasets/image_directory_form.h"

namespace torchport::datasets {

struct ImageDirectoryWriter::State {
  runtime::OutputDirectory& output;
  std::optional<std::vector<std::string>> categories;
  Extension extension;
  std::string index;
  std::vector<Sample> samples;
  std::int64_t count = 0;
};

ImageDirectoryWriter::ImageDirectoryWriter(runtime::OutputDirectory& output, std::optional<std::vector<std::string>> categories,
                                           Extension extension)
    : state_(std::make_unique<State>(State{output, std::move(categories), std::move(extension), {}, {}, 0})) {}

ImageDirectoryWriter::~ImageDirectoryWriter() = default;

void ImageDirectoryWriter::add(const std::string& file_name, std::string_view bytes, std::optional<std::int32_t> label,
                               std::optional<std::int64_t> id) {
  if (label.has_value() != state_->categories.has_value()) throw std::logic_error("labels and categories come together");
  const std::string* category = label ? &state_->categories->at(static_cast<std::size_t>(*label)) : nullptr;
  state_->output.write(file_name, bytes);
  const std::int64_t number = id.value_or(state_->count);
  state_->index += index_line(file_name, number, category);
  if (state_->samples.size() < kSamples) {
    state_->samples.push_back({std::string(bytes), number, category ? std::optional(*category) : std::nullopt});
  }
  ++state_->count;
}

void ImageDirectoryWriter::publish() {
  state_->output.write("images.lst", state_->index);
  state_->output.write("_schema.json", schema_text(state_->categories));
  state_->output.write("_samples.json", samples_text(state_->samples));
  state_->output.publish(meta_text(state_->extension));
}

}  // namespace torchport::datasets
