#include "datasets/transforms/transformation_directory.h"

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/typed_directory.h"

namespace torchport::datasets {
namespace {

constexpr const char* kFile = "_transforms.json";
constexpr std::size_t kMaxBytes = std::size_t{1} << 16;

}  // namespace

TransformationDirectory TransformationDirectory::open(const std::filesystem::path& root, std::string_view what) {
  const auto fault = [&](const std::string& kind, const std::string& reason) {
    return runtime::Error("InvalidTransformationDirectory." + kind, {{"what", std::string(what)},
                                                                     {"path", root.string()},
                                                                     {"reason", reason},
                                                                     {"found", reason},
                                                                     {"wanted", "TransformationDirectory"}});
  };
  const runtime::DirectoryMeta meta = runtime::read_meta(root, "InvalidTransformationDirectory", what);
  if (meta.type != "TransformationDirectory") throw fault("wrong_type", meta.type);
  const std::string kind = meta.get("transform_type");
  if (kind.empty() || kind == "Pickle") throw fault("pickle", "");  // absent is Pickle in the original
  if (kind != "Image") throw fault("transform_type", kind);
  try {
    return {Transformation::parse(runtime::read_file(runtime::resolve_inside(root, kFile), kMaxBytes))};
  } catch (const std::runtime_error& error) {
    throw fault("broken", error.what());
  }
}

void write_transformation(runtime::OutputDirectory& output, const Transformation& transformation) {
  output.write(kFile, transformation.json(2));
  output.publish("type: TransformationDirectory\nextension: {}\ntransform_type: Image\n");
}

}  // namespace torchport::datasets
