// What Convert to Image Directory asks of its options: the file of category names must be readable before anything is converted.
#include "component/check.h"
#include "runtime/files.h"

namespace torchport::component {

void convert_to_image_directory(const runtime::Request& request, runtime::Problems& problems) {
  if (!request.has("labels")) return;
  const auto& path = request.get<std::string>("labels");
  try {
    runtime::read_file(path, std::size_t{1} << 20);
  } catch (const std::runtime_error& error) {
    problems.add(runtime::Error("CouldNotOpenFile.file", {{"path", path}, {"reason", error.what()}}));
  }
}

}  // namespace torchport::component
