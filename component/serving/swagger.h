// What /swagger.json says: the service's addresses and forms, by OpenAPI 3, for tools that make clients. Called by `torchport
// serve`.
#pragma once
#include <string>
#include <vector>

namespace torchport::component {

struct SwaggerFacts {
  std::string model;                    ///< "resnet18"
  std::vector<std::string> categories;  ///< of the model
  std::size_t most_rows = 0;            ///< of a request
  bool plain = false, keys = false;     ///< as AnswerWriter has it; whether a key is asked for
};

std::string swagger(const SwaggerFacts& facts);

}  // namespace torchport::component
