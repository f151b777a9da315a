#include "component/serving/scoring/answering.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <new>
#include <optional>

#include "component/images/size_check.h"
#include "component/serving/service.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

/// What the network sees at once: a batch of larger images is divided, and an image above it is refused, as the activations of one
/// take a hundred times its bytes.
constexpr std::int64_t kMostPixelsAtOnce = std::int64_t{4} << 20;
constexpr datasets::ImageSize kAnySize = {224, 224};  ///< height, width that all networks take

std::int64_t area(datasets::ImageSize size) { return static_cast<std::int64_t>(size.height) * size.width; }

at::Tensor image_batch(std::size_t count, datasets::ImageSize size) {
  return at::empty({static_cast<std::int64_t>(count), 3, size.height, size.width},
                   at::TensorOptions(at::kByte).memory_format(at::MemoryFormat::ChannelsLast));
}

}  // namespace

/// A request on its way.
struct Answering::Asked {
  Waiting waiting;
  Question question;
  std::optional<Refusal> fault = {};             ///< the first row's
  std::vector<float> probabilities = {};         ///< rows x categories
  std::optional<datasets::ImageSize> size = {};  ///< of its first image, where images are taken as they are
  bool done = false;
};

/// One row of a request.
struct Answering::Photo {
  Asked& asked;
  std::size_t row;
  datasets::Pixels pixels = {};
  std::optional<Refusal> fault = {};
};

Answering::Answering(PhotoQueue& queue, const PhotoReader& reader, const Scorer& scorer, Precision precision,
                     const AnswerWriter& writer, const AnsweringOptions& options)
    : queue_(queue), reader_(reader), scorer_(scorer), pass_(scorer, precision), writer_(writer), options_(options) {}

void Answering::compute_blank() const {
  const c10::InferenceMode inference;
  const auto size = reader_.size();
  scorer_.device.fetch(pass_(image_batch(1, size && area(*size) <= kMostPixelsAtOnce ? *size : kAnySize).zero_())).wait();
}

void Answering::run() {
  const c10::InferenceMode inference;
  for (;;) {
    std::vector<Asked> all;
    for (Waiting& one : queue_.take(options_.batch)) all.push_back({std::move(one), {}});
    if (all.empty()) return;
    answer_together(all);
  }
}

void Answering::read_questions(std::vector<Asked>& all) const {
  const auto now = std::chrono::steady_clock::now();
  at::parallel_for(0, static_cast<std::int64_t>(all.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      Asked& asked = all[i];
      try {
        if (asked.waiting.reply.left()) throw Refusal(499, "the client has left");
        if (now - asked.waiting.since > options_.timeout)
          throw Refusal(503, "the request waited for longer than " + std::to_string(options_.timeout.count()) + " seconds");
        asked.question = read_question(asked.waiting.body, options_.most_rows);
        std::string().swap(asked.waiting.body);
      } catch (const Refusal& refusal) {
        asked.fault = refusal;
      } catch (const std::bad_alloc&) {
        asked.fault = Refusal(503, "there is not enough memory");
      }
    }
  });
}

void Answering::see(std::vector<Photo>& photos) const {
  at::parallel_for(0, static_cast<std::int64_t>(photos.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      Photo& photo = photos[i];
      const Row& row = photo.asked.question.rows[photo.row];
      try {
        const std::string bytes = image_bytes(row);
        const auto header = datasets::read_header(bytes);
        if (area({header.height, header.width}) > options_.most_pixels)
          throw datasets::ImageError(std::to_string(area({header.height, header.width})) + " pixels, more than " +
                                     std::to_string(options_.most_pixels));
        photo.pixels = reader_.read(bytes);
        if (area(photo.pixels.size()) > kMostPixelsAtOnce)
          throw datasets::ImageError(size_text(photo.pixels.size()) +
                                     " pixels are too many for the network; --transformation makes less of them");
      } catch (const Refusal& refusal) {
        photo.fault = refusal;
      } catch (const std::bad_alloc&) {
        photo.fault = Refusal(503, "there is not enough memory");
      } catch (const std::runtime_error& error) {
        photo.fault = Refusal(400, row.place + ".image cannot be used: " + error.what());
      }
    }
  });
}

/// A request fails with its first row that cannot be used, and its others are not computed.
void Answering::settle(Photo& photo) const {
  Asked& asked = photo.asked;
  if (!photo.fault && !reader_.transforms()) {
    const auto size = photo.pixels.size();
    if (!asked.size) asked.size = size;
    if (*asked.size != size)
      photo.fault = Refusal(400, asked.question.rows[photo.row].place + ".image has " + size_text(size) +
                                     " pixels, and the request's first image " + size_text(*asked.size) +
                                     ": the model does not say what photos go through before, and then takes images of one size; "
                                     "start the server with --transformation");
  }
  if (photo.fault && !asked.fault) asked.fault = photo.fault;
}

void Answering::score(const std::vector<Photo*>& photos) {
  const auto size = photos.front()->pixels.size();
  const at::Tensor images = image_batch(photos.size(), size);
  auto* out = images.mutable_data_ptr<std::uint8_t>();
  for (const Photo* photo : photos) out = std::copy(photo->pixels.rgb.begin(), photo->pixels.rgb.end(), out);
  HostCopy copy = scorer_.device.fetch(pass_(images));
  const auto rows = copy.wait().accessor<float, 2>();
  options_.health.well();
  for (std::size_t i = 0; i < photos.size(); ++i) {
    const std::span<const float> row(rows[static_cast<std::int64_t>(i)].data(), static_cast<std::size_t>(rows.size(1)));
    Asked& asked = photos[i]->asked;
    if (!std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); }))
      photos[i]->fault = Refusal(500, asked.question.rows[photos[i]->row].place + ": the model's answer is not finite");
    asked.probabilities.resize(asked.question.rows.size() * row.size());
    std::copy(row.begin(), row.end(), asked.probabilities.begin() + static_cast<std::ptrdiff_t>(photos[i]->row * row.size()));
  }
}

/// After a failure: whether the network computes at all. What a fault of a GPU leaves behind fails with every pass, and only
/// another process mends that; what one request's images do does not count against the server.
void Answering::examine(const std::string& why) const {
  try {
    compute_blank();
  } catch (const std::bad_alloc&) {
  } catch (const c10::OutOfMemoryError&) {
  } catch (const std::exception&) {
    options_.log("error: the network does not compute a blank image either: GET / answers 503 until it does");
    options_.health.ill(why);
  }
}

void Answering::score_or_fail(const std::vector<Photo*>& photos) {
  std::optional<Refusal> fault;
  try {
    return score(photos);
  } catch (const std::bad_alloc&) {
    fault = Refusal(503, "there is not enough memory");
  } catch (const c10::OutOfMemoryError&) {
    fault = Refusal(503, "there is not enough memory");
  } catch (const std::exception& error) {  // LibTorch's
    const std::string whole = error.what(), reason = runtime::escape(whole.substr(0, whole.find('\n')));
    options_.log("error: the network failed: " + reason);
    examine(reason);
    fault = Refusal(500, "the network failed; the server's log says why");
  }
  for (Photo* const photo : photos) photo->fault = fault;
}

void Answering::score_by_size(std::vector<Photo>& photos) {
  std::map<std::pair<int, int>, std::vector<Photo*>> sizes;
  for (Photo& photo : photos)
    if (!photo.asked.fault) sizes[{photo.pixels.height, photo.pixels.width}].push_back(&photo);
  for (const auto& [size, all] : sizes) {
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(1, kMostPixelsAtOnce / area({size.first, size.second})));
    for (std::size_t first = 0; first < all.size(); first += most) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
      score_or_fail({begin, begin + static_cast<std::ptrdiff_t>(std::min(most, all.size() - first))});
    }
  }
}

void Answering::end(Asked& asked) const {
  if (std::exchange(asked.done, true)) return;
  HttpAnswer answer = asked.fault ? message_answer(asked.fault->status, asked.fault->what())
                                  : HttpAnswer{200, writer_.write(asked.question, asked.probabilities)};
  answer.rows = asked.question.rows.size();
  asked.question = {};
  asked.waiting.reply(std::move(answer));
}

void Answering::answer_together(std::vector<Asked>& all) {
  read_questions(all);
  std::vector<std::pair<Asked*, std::size_t>> rows;
  for (Asked& asked : all) {
    if (asked.fault) end(asked);
    for (std::size_t i = 0; i < asked.question.rows.size(); ++i) rows.emplace_back(&asked, i);
  }
  for (std::size_t next = 0; next < rows.size();) {
    std::vector<Photo> photos;
    for (; next < rows.size() && photos.size() < options_.batch; ++next)
      if (!rows[next].first->done) photos.push_back({*rows[next].first, rows[next].second});
    see(photos);
    for (Photo& photo : photos) settle(photo);
    score_by_size(photos);
    for (Photo& photo : photos) {
      Asked& asked = photo.asked;
      if (photo.fault && !asked.fault) asked.fault = photo.fault;
      if (asked.fault || photo.row + 1 == asked.question.rows.size()) end(asked);
    }
  }
}

}  // namespace torchport::component
