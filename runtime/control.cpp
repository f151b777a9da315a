#include "runtime/control.h"

#include <unistd.h>

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

/// With rank and host: of several machines one may lack what the others have.
std::vector<Error> on_this_host(const std::vector<Error>& errors, int rank) {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  std::vector<Error> located;
  for (const Error& error : errors) located.push_back(error.at("rank " + std::to_string(rank) + " (host " + name.data() + ")"));
  return located;
}

}  // namespace

void Control::agree_on_errors(const std::vector<Error>& mine) {
  const std::int64_t first = least(mine.empty() ? size() : rank());
  first_failing_rank_ = first == size() ? -1 : static_cast<int>(first);
  if (first_failing_rank_ < 0) return;
  const std::vector<Error> theirs =
      unpack(broadcast_text(pack(size() > local_size() ? on_this_host(mine, rank()) : mine), first_failing_rank_));
  if (theirs.size() == 1) throw theirs.front();
  throw Errors(theirs);
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

void WorldOfOne::abort(int exit_status) { _exit(exit_status); }

}  // namespace torchport::runtime
