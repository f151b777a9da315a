#include "component/evaluation/confusion_svg.h"

#include <cmath>

#include "runtime/text/format.h"
#include "runtime/text/text.h"
#include "runtime/text/xml.h"

namespace torchport::component {
namespace {

// Lengths in pixels. Hues that colour-blind people tell apart.
constexpr double kLargestCell = 48, kSide = 720, kSmallestName = 7, kLargestName = 13, kCounts = 24, kMargin = 24, kHeading = 64;
constexpr double kLetter = 0.6;  ///< width of a letter by its font size
constexpr std::size_t kNameLetters = 24;
constexpr const char *kRight = "#1f6fb4", *kWrong = "#d9541e";
constexpr int kShades = 10;  ///< of matrices too large for a shape a cell
constexpr double kSmallestCell = 2;

using runtime::formatted;

/// A name cut to kNameLetters characters.
std::string shortened(const std::string& name) {
  const std::string text = runtime::visible(name);
  if (runtime::display_width(text) <= kNameLetters) return text;
  std::size_t end = 0;
  for (std::size_t letters = 1; letters < kNameLetters; ++letters) end += runtime::printable_length(text, end);
  return text.substr(0, end) + "…";
}

class Picture {
 public:
  explicit Picture(const Evaluation& evaluation)
      : e_(evaluation),
        count_(evaluation.categories.size()),
        cell_(std::min(kLargestCell, kSide / static_cast<double>(count_))),
        name_size_(std::min(kLargestName, cell_ * 0.8)) {
    std::size_t letters = 0;
    if (has_names())
      for (const auto& category : e_.categories) letters = std::max(letters, runtime::display_width(shortened(category.name)));
    const double names = static_cast<double>(letters) * name_size_ * kLetter;
    left_ = kMargin + 20 + names;
    top_ = kMargin + kHeading + 20 + names;
    side_ = cell_ * static_cast<double>(count_);
  }

  std::string draw() {
    const double width = std::max(left_ + side_ + kMargin, 460.0), height = top_ + side_ + kMargin;
    out_ = formatted("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" ", width,
                     height, width, height) +
           "role=\"img\" font-family=\"sans-serif\" fill=\"#222\">\n<title>Confusion matrix</title>\n"
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    heading();
    if (has_names()) {
      cells();
      names();
    } else {
      shades();
    }
    out_ += formatted("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"none\" stroke=\"#888\"/>\n</svg>\n", left_,
                      top_, side_, side_);
    return std::move(out_);
  }

 private:
  bool has_names() const { return name_size_ >= kSmallestName; }
  double x(std::size_t column) const { return left_ + cell_ * static_cast<double>(column); }
  double y(std::size_t row) const { return top_ + cell_ * static_cast<double>(row); }
  double share(std::size_t truth, std::size_t predicted) const {
    return static_cast<double>(e_.matrix[truth][predicted]) / static_cast<double>(e_.categories[truth].support);
  }

  void text(double at_x, double at_y, const std::string& attributes, const std::string& words) {
    out_ += formatted("<text x=\"%.2f\" y=\"%.2f\" ", at_x, at_y) + attributes + ">" + runtime::xml_escaped(words) + "</text>\n";
  }

  void heading() {
    text(kMargin, kMargin + 14, "font-size=\"18\"", "Confusion matrix");
    std::string line =
        formatted("%lld images, %zu categories, accuracy %.2f %%", static_cast<long long>(e_.rows), count_, 100 * e_.accuracy);
    text(kMargin, kMargin + 34, "font-size=\"13\"", line);
    text(kMargin, kMargin + 52, "font-size=\"11\"", "shade: share of the true category; blue: right, orange: wrong");
    const std::string axis = "font-size=\"13\" text-anchor=\"middle\"";
    const std::string order = has_names() ? "" : " (in the order of metrics.json)";
    text(left_ + side_ / 2, kMargin + kHeading + 12, axis, "predicted" + order);
    text(0, 0, axis + formatted(" transform=\"translate(%.2f %.2f) rotate(-90)\"", kMargin + 4, top_ + side_ / 2), "true" + order);
  }

  void names() {
    const std::string size = formatted("font-size=\"%.1f\" ", name_size_);
    for (std::size_t i = 0; i < count_; ++i) {
      const std::string name = shortened(e_.categories[i].name);
      const double middle = cell_ / 2 + name_size_ * 0.35;
      text(left_ - 5, y(i) + middle, size + "text-anchor=\"end\"", name);
      text(0, 0, size + formatted("transform=\"translate(%.2f %.2f) rotate(-90)\"", x(i) + middle, top_ - 5), name);
    }
  }

  /// A shape for each cell that is not 0, which says its count.
  void cells() {
    for (std::size_t t = 0; t < count_; ++t) {
      for (std::size_t p = 0; p < count_; ++p) {
        if (e_.matrix[t][p] > 0) cell(t, p);
      }
    }
  }

  void cell(std::size_t t, std::size_t p) {
    const auto count = static_cast<long long>(e_.matrix[t][p]);
    const double shade = 0.1 + 0.9 * share(t, p);
    out_ += formatted("<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\" fill-opacity=\"%.3f\">", x(p), y(t),
                      cell_, cell_, t == p ? kRight : kWrong, shade);
    out_ += "<title>" + runtime::xml_escaped("true " + e_.categories[t].name + ", predicted " + e_.categories[p].name) +
            formatted(": %lld (%.1f %%)", count, 100 * share(t, p)) + "</title></rect>\n";
    if (cell_ < kCounts) return;
    const std::string digits = std::to_string(count);
    const double size = std::min(kLargestName, cell_ * 0.9 / (kLetter * static_cast<double>(digits.size())));
    text(x(p) + cell_ / 2, y(t) + cell_ / 2 + size * 0.35,
         formatted("font-size=\"%.1f\" text-anchor=\"middle\" pointer-events=\"none\" fill=\"%s\"", size,
                   shade > 0.6 ? "#fff" : "#222"),
         digits);
  }

  /// One path for all cells of a shade: 1000 categories have up to a million cells. A cell that is smaller than kSmallestCell gets
  /// a stroke around it, for else a single mistake would not be seen; what is right is drawn last, on top.
  void shades() {
    std::array<std::array<std::string, kShades>, 2> paths;
    for (std::size_t t = 0; t < count_; ++t) {
      for (std::size_t p = 0; p < count_; ++p) {
        if (e_.matrix[t][p] == 0) continue;
        const auto shade = static_cast<std::size_t>(std::ceil(share(t, p) * kShades)) - 1;
        paths[t == p ? 1 : 0][shade] += formatted("M%zu %zuh1v1h-1z", p, t);
      }
    }
    const double stroke = std::max(0.0, kSmallestCell / cell_ - 1);
    for (std::size_t kind = 0; kind < paths.size(); ++kind) {
      const char* const colour = kind == 0 ? kWrong : kRight;
      for (std::size_t shade = 0; shade < kShades; ++shade) {
        if (paths[kind][shade].empty()) continue;
        out_ += formatted("<path transform=\"translate(%.2f %.2f) scale(%.6f)\" ", left_, top_, cell_) +
                formatted("fill=\"%s\" stroke=\"%s\" stroke-width=\"%.3f\" ", colour, colour, stroke) +
                formatted("opacity=\"%.2f\" d=\"", 0.3 + 0.7 * static_cast<double>(shade + 1) / kShades) + paths[kind][shade] +
                "\"/>\n";
      }
    }
  }

  const Evaluation& e_;
  const std::size_t count_;
  const double cell_, name_size_;
  double left_ = 0, top_ = 0, side_ = 0;
  std::string out_;
};

}  // namespace

std::string confusion_svg(const Evaluation& evaluation) { return Picture(evaluation).draw(); }

}  // namespace torchport::component
