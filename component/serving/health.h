// Whether the network still computes. Told by the thread that computes, asked by the one that answers. Torch-free.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace torchport::component {

class Health {
 public:
  void well() { set(std::nullopt); }
  void ill(std::string why) { set(std::move(why)); }
  /// Why it does not compute; nothing where it does.
  std::optional<std::string> fault() const {
    const std::lock_guard lock(mutex_);
    return fault_;
  }

 private:
  void set(std::optional<std::string> fault) {
    const std::lock_guard lock(mutex_);
    fault_ = std::move(fault);
  }

  mutable std::mutex mutex_;
  std::optional<std::string> fault_;
};

}  // namespace torchport::component
