#include "component/report/first_batch_section.h"

#include <algorithm>

#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/report/run_record.h"
#include "runtime/text/format.h"
#include "runtime/text/json.h"

namespace torchport::component {
namespace {

using runtime::text_of;

constexpr std::size_t kMostBytes = std::size_t{1} << 20;  ///< of the file; the trainer's has a quarter of that at most
constexpr std::size_t kMostImages = 64;

std::string whole(const nlohmann::json& of, const char* key) {
  const auto found = of.find(key);
  return found != of.end() && found->is_number_integer() ? std::to_string(found->get<std::int64_t>()) : "?";
}

bool is_base64(std::string_view text) {
  const auto belongs = [](unsigned char c) { return std::isalnum(c) || c == '+' || c == '/' || c == '='; };
  return !text.empty() && std::all_of(text.begin(), text.end(), belongs);
}

/// "cat", or of two images in one "70 % cat + 30 % dog".
std::string label_of(const nlohmann::json& image) {
  const auto share = image.find("share");
  if (share == image.end() || !share->is_number()) return text_of(image, "category");
  const auto percent = [](double part) { return runtime::formatted("%.0f %% ", 100 * part); };
  return percent(share->get<double>()) + text_of(image, "category") + " + " + percent(1 - share->get<double>()) +
         text_of(image, "blended_with");
}

void add_images(Page& page, const nlohmann::json& images) {
  page.html.open("div", {{"class", "gallery"}});
  for (const auto& image : images) {
    const std::string label = label_of(image), jpeg = text_of(image, "jpeg");
    page.html.open("figure", {{"class", "seen"}});
    if (is_base64(jpeg)) {
      page.html.element("img", "", {{"src", "data:image/jpeg;base64," + jpeg}, {"alt", label}});
    } else {
      page.html.element("div", page.say("no picture"), {{"class", "absent"}});
    }
    page.html.element("figcaption", label).close();
  }
  page.html.close();
}

}  // namespace

bool has_first_batch(const RunFacts& run) { return !text_of(run.record, "first_batch").empty(); }

void add_first_batch(Page& page, const RunFacts& run) {
  nlohmann::json batch;
  page.html.element("h3", page.say("The first batch, as the network saw it"));
  try {
    batch = runtime::parse_json(runtime::read_file(run.folder / runtime::kFirstBatchFile, kMostBytes));
    if (!batch.is_object() || !batch["images"].is_array() || batch["images"].size() > kMostImages)
      throw std::runtime_error("it has no list of images");
  } catch (const std::exception& fault) {
    return add_note(page, page.say("It cannot be shown: {0}.", {std::string(runtime::kFirstBatchFile) + ": " + fault.what()}));
  }
  add_note(page,
           page.say("{0} of the {1} images of epoch {2}, step {3}, on process 0, after all transformations: {4} × {5} pixels.",
                    {std::to_string(batch["images"].size()), whole(batch, "images_in_batch"), whole(batch, "epoch"),
                     whole(batch, "step"), whole(batch, "width"), whole(batch, "height")}));
  add_images(page, batch["images"]);
}

}  // namespace torchport::component
