// What the checks of a request opened, for its component to go on with.
#pragma once
#include <any>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace torchport::runtime {

/// Directories by port. Reading one again may take long, and what is read then may differ from what was checked.
class Opened {
 public:
  template <class T>
  void keep(std::string_view port, T directory) {
    directories_[std::string(port)] = std::make_shared<T>(std::move(directory));
  }
  /// Nothing where none of that port was kept, or it was taken before.
  template <class T>
  std::optional<T> take(std::string_view port) {
    const auto found = directories_.find(port);
    if (found == directories_.end()) return std::nullopt;
    const auto directory = std::any_cast<std::shared_ptr<T>>(found->second);
    directories_.erase(found);
    return std::move(*directory);
  }

 private:
  std::map<std::string, std::any, std::less<>> directories_;
};

}  // namespace torchport::runtime
