// What a model component needs beside its parameters: with pretrained=True, the weights in torch's cache.
#include "component/check.h"
#include "models/pretrained.h"

namespace torchport::component {

void init_model(const runtime::Request& request, runtime::Problems& problems) {
  if (!request.has("model_name") || !request.has("pretrained") || !request.get<bool>("pretrained")) return;
  const runtime::Variant& variant = *request.component->variant(request.get<std::string>("model_name"));
  problems.collect([&] { models::find_pretrained(variant); });
}

}  // namespace torchport::component
