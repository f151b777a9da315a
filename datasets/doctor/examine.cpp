#include "datasets/doctor/examine.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "datasets/codecs/decode.h"
#include "datasets/codecs/mode.h"
#include "datasets/codecs/orientation.h"
#include "datasets/sources/directory_account.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/sha256.h"
#include "runtime/report/progress_line.h"
#include "runtime/text/format.h"

namespace torchport::datasets {
namespace {

using Digest = std::array<unsigned char, 16>;  // half of a SHA-256: enough for any number of images that there can be

Digest digest(std::initializer_list<std::string_view> parts) {
  const runtime::Sha256 whole = runtime::sha256_digest(parts);
  Digest half;
  std::copy_n(whole.begin(), half.size(), half.begin());
  return half;
}

/// A good image, by what it shows and what its file holds.
struct Seen {
  Digest pixels, file;
  std::uint32_t dataset, row;
};

bool blackens(const ImageDirectory& images, ImageSize size) {
  try {
    return images.transformation() && images.transformation()->blackens(size);
  } catch (const TransformError&) {  // Apply has refused such an image
    return false;
  }
}

class Examiner {
 public:
  Examiner(const std::vector<ImageDirectory>& datasets, const ExamineOptions& options) : datasets_(datasets), options_(options) {}

  Diagnosis run() {
    for (std::uint32_t d = 0; d < datasets_.size(); ++d) look_through(d);
    for (std::uint32_t d = 0; d < datasets_.size(); ++d) find_thin(d);
    find_same_images();
    if (datasets_.size() == 2 && datasets_[0].labelled() && datasets_[1].labelled()) {
      try {
        check_same_categories(datasets_[0], datasets_[1]);
      } catch (const runtime::Error& error) {
        std::string text = error.what();
        for (const auto& [label, value] : error.details()) text += "; " + label + ": " + value;
        found_.push_back({{kCategories, 0}, {"categories_differ", {}, text}});
      }
    }
    std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) { return a.place < b.place; });
    for (Found& found : found_) diagnosis_.findings.push_back(std::move(found.finding));
    return std::move(diagnosis_);
  }

 private:
  enum Kind { kBroken, kOversized, kConflict, kDuplicate, kLeak, kEmpty, kThin, kOne, kCategories };
  struct Found {
    std::pair<Kind, std::uint64_t> place;  ///< kind, then dataset and row of its first image
    Finding finding;
  };

  std::string name(std::uint32_t dataset, std::uint32_t row) const {
    return (datasets_[dataset].root() / datasets_[dataset].file(row)).string();
  }
  std::string category(const Seen& seen) const {
    const ImageDirectory& images = datasets_[seen.dataset];
    return images.labelled() ? images.categories()[static_cast<std::size_t>(images.label(seen.row))].name : "";
  }
  static std::uint64_t place_of(std::uint32_t dataset, std::uint32_t row) { return std::uint64_t{dataset} << 32 | row; }

  void look_through(std::uint32_t dataset) {
    const ImageDirectory& images = datasets_[dataset];
    Contents contents{images.root().string(), images.size(), 0, images.labelled(), {}, {}, {}};
    for (const Category& row : images.categories()) contents.categories.emplace_back(row.name, 0);
    for (std::size_t i = 0; i < images.size() && images.labelled(); ++i)
      ++contents.categories[static_cast<std::size_t>(images.label(i))].second;
    for (Account::Line& line : account_of(images).lines()) contents.notes.push_back(std::move(line.text));
    runtime::ProgressLine line(options_.log, "examining", images.size());
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr fault;  // of the installation, not of an image
    const auto work = [&] {
      Pixels pixels;  // its memory serves all images of this thread
      try {
        for (std::size_t i; (i = next++) < images.size(); line.done())
          look_at(dataset, static_cast<std::uint32_t>(i), pixels, contents, mutex);
      } catch (...) {
        next = images.size();
        const std::lock_guard lock(mutex);
        fault = std::current_exception();
      }
    };
    {
      std::vector<std::jthread> threads;
      for (int t = 1; t < options_.threads; ++t) threads.emplace_back(work);
      work();
    }
    if (fault) std::rethrow_exception(fault);
    if (contents.turned > 0) {
      contents.notes.push_back(std::to_string(contents.turned) + (contents.turned == 1 ? " image carries" : " images carry") +
                               " an EXIF rotation, which is ignored here as by the original: programs that show photos turn them");
    }
    diagnosis_.datasets.push_back(std::move(contents));
  }

  void look_at(std::uint32_t dataset, std::uint32_t row, Pixels& pixels, Contents& contents, std::mutex& mutex) {
    const auto note = [&](Kind kind, const char* word, const std::string& reason) {
      const std::lock_guard lock(mutex);
      found_.push_back({{kind, place_of(dataset, row)}, {word, {name(dataset, row)}, reason}});
    };
    try {
      const std::string bytes = runtime::read_file(datasets_[dataset].path(row), kMaxImageFile);
      decode(bytes, pixels);
      const std::string size = runtime::size_text(pixels.width, pixels.height), mode = image_mode(bytes);
      const std::string_view rgb(reinterpret_cast<const char*>(pixels.rgb.data()), pixels.rgb.size());
      const Seen seen{digest({size, rgb}), digest({bytes}), dataset, row};
      const bool black = blackens(datasets_[dataset], pixels.size());
      const std::lock_guard lock(mutex);
      seen_.push_back(seen);
      contents.blackened += black;
      contents.bytes += bytes.size();
      ++contents.sizes[{pixels.width, pixels.height}];
      ++contents.modes[mode];
      if (exif_orientation(bytes) > 1) ++contents.turned;
    } catch (const OversizedImage& error) {
      note(kOversized, "oversized", error.what());
    } catch (const std::runtime_error& error) {
      note(kBroken, "broken", error.what());
    }
  }

  void find_thin(std::uint32_t dataset) {
    const Contents& contents = diagnosis_.datasets[dataset];
    const auto report = [&](Kind kind, const char* word, const std::string& text) {
      found_.push_back({{kind, place_of(dataset, 0)}, {word, {}, text}});
    };
    for (const auto& [name, count] : contents.categories) {
      const std::string category = "the category '" + name + "' of " + contents.path;
      if (count == 0) {
        report(kEmpty, "empty_category", category + " has no image");
      } else if (count < options_.thin) {
        report(kThin, "thin_category",
               category + " has " + std::to_string(count) + (count == 1 ? " image" : " images") + ", fewer than " +
                   std::to_string(options_.thin));
      }
    }
    if (contents.categories.size() == 1)
      report(kOne, "one_category", "'" + contents.categories[0].first + "' is the only category of " + contents.path);
  }

  void find_same_images() {
    std::sort(seen_.begin(), seen_.end(), [](const Seen& a, const Seen& b) {
      return std::tie(a.pixels, a.dataset, a.row) < std::tie(b.pixels, b.dataset, b.row);
    });
    for (auto begin = seen_.begin(); begin != seen_.end();) {
      const auto end = std::find_if(begin, seen_.end(), [&](const Seen& other) { return other.pixels != begin->pixels; });
      const auto middle = std::find_if(begin, end, [&](const Seen& other) { return other.dataset != begin->dataset; });
      report_same({begin, middle}, "duplicate", kDuplicate);
      report_same({middle, end}, "duplicate", kDuplicate);
      if (middle != end) report_same({begin, end}, "leak", kLeak);
      begin = end;
    }
  }

  void report_same(std::span<const Seen> group, const char* word, Kind kind) {
    if (group.size() < 2) return;
    const auto differs = [&](auto&& value) {
      return std::any_of(group.begin(), group.end(), [&](const Seen& other) { return value(other) != value(group[0]); });
    };
    const bool other_category = differs([&](const Seen& seen) { return category(seen); });
    Finding finding{
        word, {}, differs([](const Seen& seen) { return seen.file; }) ? "the same pixels in different files" : "the same bytes"};
    if (other_category) finding.text += ", in different categories";
    if (other_category && kind == kDuplicate) {
      finding.kind = "conflict";
      kind = kConflict;
    }
    for (const Seen& seen : group) finding.files.push_back(name(seen.dataset, seen.row));
    found_.push_back({{kind, place_of(group[0].dataset, group[0].row)}, std::move(finding)});
  }

  const std::vector<ImageDirectory>& datasets_;
  const ExamineOptions& options_;
  std::vector<Seen> seen_;
  std::vector<Found> found_;
  Diagnosis diagnosis_;
};

}  // namespace

Diagnosis examine(const std::vector<ImageDirectory>& datasets, const ExamineOptions& options) {
  return Examiner(datasets, options).run();
}

}  // namespace torchport::datasets
