// Why a request is not answered as it was meant to be: an HTTP status, and a sentence for whoever sent it.
// Thrown by what reads requests, turned into an answer by the service.
#pragma once
#include <stdexcept>
#include <string>

namespace torchport::component {

struct Refusal : std::runtime_error {
  Refusal(int with_status, const std::string& sentence) : std::runtime_error(sentence), status(with_status) {}
  int status;
};

}  // namespace torchport::component
