#include "datasets/directory/image_sizes.h"

#include "runtime/files/files.h"

namespace torchport::datasets {
namespace {

/// Begins the list; the number of its form, and then that of its rows, follow.
constexpr std::string_view kTitle = "torchport image sizes ";
constexpr int kForm = 1;
constexpr std::size_t kLongestNumbers = 96;  ///< of a row, and of the title

/// Takes numbers and texts from the front of a list.
class Front {
 public:
  explicit Front(std::string_view text) : text_(text) {}
  template <class Number>
  Number number(char end) {
    Number value{};
    const auto [stop, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
    if (error != std::errc() || value < 0) throw std::runtime_error("a number is missing");
    words(std::string_view(&end, 1));
    return value;
  }
  void words(std::string_view wanted) {
    if (!text_.starts_with(wanted)) throw std::runtime_error("it does not fit the index");
    text_.remove_prefix(wanted.size());
  }
  bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

bool possible(ImageSize size) { return size.width > 0 && size.height > 0 && std::int64_t{size.width} * size.height <= kMaxPixels; }

}  // namespace

void SizeListWriter::add(std::string_view file, const NotedSize& noted) {
  const bool known = possible(noted.size) && noted.stamp.nanoseconds >= 0;
  const NotedSize row = known ? noted : NotedSize{};
  for (const std::int64_t number :
       {row.stamp.bytes, row.stamp.nanoseconds, std::int64_t{row.size.width}, std::int64_t{row.size.height}})
    rows_ += std::to_string(number) + ' ';
  rows_ += file;
  rows_ += '\n';
  ++count_;
  known_ += known;
}

void SizeListWriter::write(runtime::OutputDirectory& output) const {
  if (known_ == 0) return;
  output.write(runtime::kStampList, std::string(kTitle) + std::to_string(kForm) + ' ' + std::to_string(count_) + '\n' + rows_);
}

ImageSizes::ImageSizes(const ImageDirectory& images) : images_(images), file_(images.root() / runtime::kStampList), stale_(0) {
  std::error_code absent;
  if (images.raw() || !std::filesystem::exists(std::filesystem::symlink_status(file_, absent))) return;
  std::size_t longest = kLongestNumbers;
  for (std::size_t i = 0; i < images.size(); ++i) longest += images.file(i).size() + kLongestNumbers;
  try {
    parse(runtime::read_file(runtime::resolve_inside(images.root(), runtime::kStampList), longest));
  } catch (const std::runtime_error& error) {
    fault_ = error.what();
    rows_.clear();
  }
}

void ImageSizes::parse(std::string_view text) {
  Front front(text);
  front.words(kTitle);
  if (front.number<int>(' ') != kForm) throw std::runtime_error("it is of another version");
  if (front.number<std::size_t>('\n') != images_.size()) throw std::runtime_error("it does not fit the index");
  rows_.reserve(images_.size());
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const auto bytes = front.number<std::int64_t>(' '), time = front.number<std::int64_t>(' ');
    const int width = front.number<int>(' '), height = front.number<int>(' ');
    front.words(images_.file(i));
    front.words("\n");
    rows_.push_back({{bytes, time}, {height, width}});
  }
  if (!front.empty()) throw std::runtime_error("it does not fit the index");
}

std::optional<ImageSize> ImageSizes::noted(std::size_t image) const {
  if (rows_.empty() || !possible(rows_[image].size)) return std::nullopt;
  const auto stamp = runtime::stamp_of(images_.path(image));
  if (stamp == rows_[image].stamp) return rows_[image].size;
  if (stamp) ++stale_;  // one that is gone is for the reading to report
  return std::nullopt;
}

ImageSize ImageSizes::of(std::size_t image) const {
  if (const auto known = noted(image)) return *known;
  const ImageHeader header = read_file_header(images_.path(image));
  return {header.height, header.width};
}

std::string ImageSizes::doubts() const {
  const std::string reason = fault_.empty() ? "their files were changed or copied since" : fault_;
  const std::size_t count = fault_.empty() ? stale_.load() : images_.size();
  if (count == 0) return "";
  return "The sizes noted in '" + file_.string() + "' are not used for " + std::to_string(count) + " of " +
         std::to_string(images_.size()) + " images: " + reason + ".";
}

}  // namespace torchport::datasets
