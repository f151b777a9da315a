#include "component/cuda/graph.h"

#include <c10/util/Exception.h>

#include <optional>
#include <string>

#include "runtime/error/error.h"

namespace torchport::cuda {
namespace {

// Without the stack that LibTorch may add.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Graph::~Graph() {
  if (graph_ != nullptr) plugin_.graphs.reset(graph_);
}

void Graph::record(const std::function<void()>& work, const Graph* like) {
  if (plugin_.graphs.begin(&graph_, like ? like->graph_ : nullptr) != 0) throw CannotRecord(first_line(plugin_.error()));
  std::optional<std::string> reason;
  try {
    work();
  } catch (const c10::Error& error) {
    reason = error.what_without_backtrace();
  } catch (...) {
    plugin_.graphs.end(graph_);
    throw;
  }
  const bool ended = plugin_.graphs.end(graph_) == 0;
  if (!reason && !ended) reason = plugin_.error();
  if (reason) throw CannotRecord(first_line(*reason));
}

void Graph::replay() {
  if (plugin_.graphs.replay(graph_) != 0)
    throw runtime::Error("FailedToCompleteOperation.gpu", {{"reason", first_line(plugin_.error())}});
}

}  // namespace torchport::cuda
