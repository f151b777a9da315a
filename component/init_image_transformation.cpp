// Init Image Transformation: writes the chosen operations as a transformation directory, in the original's order.
#include "datasets/transforms/transformation_directory.h"
#include "runtime/request/context.h"

namespace torchport::component {
namespace {

using Json = nlohmann::ordered_json;

/// ColorJitter's arguments. One that is 0 changes nothing and is left out, so that all four at 0 give what the original writes.
Json jitter(const runtime::Context& ctx) {
  Json ranges = Json::object();
  const auto add = [&](const char* name, double value) {
    if (value > 0) ranges[name] = value;
  };
  add("brightness", ctx.param<double>("brightness"));
  add("contrast", ctx.param<double>("contrast"));
  add("saturation", ctx.param<double>("saturation"));
  add("hue", ctx.param<double>("hue"));
  return ranges;
}

/// One length as the first argument, as the original writes it; height and width by name, as a list would be arguments by place.
Json length(const runtime::Lengths& lengths) {
  if (lengths.size() == 1) return lengths.front();
  return {{"size", lengths}};
}

bool letterboxed(const runtime::Context& ctx) { return ctx.param<std::string>("resize_method") == "letterbox"; }

Json letterbox(const runtime::Context& ctx) {
  Json arguments = length(ctx.param<runtime::Lengths>("size"));
  if (!arguments.is_object()) arguments = {{"size", arguments}};
  arguments["fill"] = ctx.param<std::int64_t>("letterbox_fill");
  return arguments;
}

/// Without a point where there is nothing behind it, as the original writes it.
Json number(double value) {
  const auto whole = static_cast<std::int64_t>(value);  // of degrees, which are few
  return static_cast<double>(whole) == value ? Json(whole) : Json(value);
}

Json operations(const runtime::Context& ctx) {
  const Json none = Json::object();
  Json list = Json::array();
  const auto add = [&](bool wanted, const char* name, const Json& arguments) {
    if (wanted) list.push_back({name, arguments});
  };
  if (letterboxed(ctx)) {
    add(true, "Letterbox", letterbox(ctx));
  } else {
    add(ctx.param<bool>("resize"), "Resize", length(ctx.param<runtime::Lengths>("size")));
  }
  add(ctx.param<bool>("center_crop"), "CenterCrop", length(ctx.param<runtime::Lengths>("crop_size")));
  add(ctx.param<bool>("pad"), "Pad", ctx.param<std::int64_t>("padding"));
  add(ctx.param<bool>("color_jitter"), "ColorJitter", jitter(ctx));
  add(ctx.param<bool>("grayscale"), "Grayscale", {{"num_output_channels", 3}});
  add(ctx.param<bool>("random_grayscale"), "RandomGrayscale", {{"p", ctx.param<double>("random_grayscale_p")}});
  add(ctx.param<bool>("random_resized_crop"), "RandomResizedCrop", length(ctx.param<runtime::Lengths>("random_resized_crop_size")));
  add(ctx.param<bool>("random_crop"), "RandomCrop", length(ctx.param<runtime::Lengths>("random_crop_size")));
  add(ctx.param<bool>("random_horizontal_flip"), "RandomHorizontalFlip", none);
  add(ctx.param<bool>("random_vertical_flip"), "RandomVerticalFlip", none);
  add(ctx.param<bool>("random_rotation"), "RandomRotation", number(ctx.param<double>("random_rotation_degrees")));
  add(ctx.param<bool>("random_affine"), "RandomAffine", number(ctx.param<double>("random_affine_degrees")));
  add(ctx.param<bool>("random_perspective"), "RandomPerspective", none);
  add(ctx.param<bool>("random_erasing"), "RandomErasing", {{"p", ctx.param<double>("random_erasing_p")}});
  return list;
}

}  // namespace

void init_image_transformation(runtime::Context& ctx) {
  const auto transformation = datasets::Transformation::parse(operations(ctx).dump());
  runtime::OutputDirectory output(ctx.output("output"));
  datasets::write_transformation(output, transformation);
  ctx.record.set("summary", transformation.names());
  ctx.log.info("Operations, in this order: " + transformation.names() + ".");
  if (letterboxed(ctx)) {
    ctx.log.info("Letterbox is torchport's own: the original cannot read this transformation.");
  } else if (ctx.request.parameters.at("letterbox_fill").origin != "default") {
    ctx.log.warning("--letterbox_fill changes nothing: --resize_method is not letterbox.");
  }
}

}  // namespace torchport::component
