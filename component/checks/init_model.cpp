// What a model component needs beside its parameters: the file of weights that is given, if any, must be one. Whether published
// weights can be had is known only when they are fetched.
#include "component/check.h"
#include "models/weights/weights_file.h"

namespace torchport::component {

void init_model(const runtime::Request& request, runtime::Problems& problems) {
  if (request.has("weights")) problems.collect([&] { models::open_weights_file(request.get<std::string>("weights")); });
}

}  // namespace torchport::component
