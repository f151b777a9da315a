#include "runtime/control.h"

#include <unistd.h>

#include "runtime/host_name.h"

namespace torchport::runtime {
namespace {

/// Several texts in one: each behind its length and a colon.
std::string pack(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) {
    const std::string one = error.encode();
    text += std::to_string(one.size()) + ":" + one;
  }
  return text;
}

std::vector<Error> unpack(std::string_view text) {
  std::vector<Error> errors;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::size_t size = std::stoul(std::string(text.substr(0, colon)));
    errors.push_back(Error::decode(text.substr(colon + 1, size)));
    text.remove_prefix(colon + 1 + size);
  }
  return errors;
}

}  // namespace

void Control::agree_on_errors(const std::vector<Error>& mine) {
  const std::int64_t first = least(mine.empty() ? size() : rank());
  first_failing_rank_ = first == size() ? -1 : static_cast<int>(first);
  if (first_failing_rank_ < 0) return;
  double failing = mine.empty() ? 0 : 1;
  sum({&failing, 1});
  std::vector<Error> placed = mine;
  if (failing < size()) {
    const std::string others = failing > 1 ? ", and " + std::to_string(static_cast<int>(failing) - 1) + " more" : "";
    for (Error& error : placed) error = error.at(place_of_rank(*this) + others);
  }
  stop_all(unpack(broadcast_text(pack(placed), first_failing_rank_)), first_failing_rank_);
}

void Control::stop_all(const std::vector<Error>& errors, int rank) {
  first_failing_rank_ = rank;
  if (errors.size() == 1) throw errors.front();
  throw Errors(errors);
}

void Control::agree(const std::optional<Error>& mine) { agree_on_errors(mine ? std::vector<Error>{*mine} : std::vector<Error>{}); }

void Control::agree_on(const std::function<void()>& phase) {
  Problems problems;
  problems.collect(phase);
  agree_on_errors(problems.all());
}

std::string Control::broadcast_text(const std::string& text, int root) {
  auto bytes = static_cast<std::int64_t>(text.size());
  broadcast(&bytes, sizeof bytes, root);
  std::string received = rank() == root ? text : std::string(static_cast<std::size_t>(bytes), '\0');
  if (bytes > 0) broadcast(received.data(), received.size(), root);
  return received;
}

std::string place_of_rank(const Control& control) {
  return "rank " + std::to_string(control.rank()) + " (host " + host_name() + ")";
}

void WorldOfOne::abort(int exit_status) { _exit(exit_status); }

}  // namespace torchport::runtime
