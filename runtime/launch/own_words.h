// Parts what Open MPI says of itself on standard error from what the ranks say: its words belong in 70_mpi_log, and a console that
// ends with them buries our sentence. Used by the launcher.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

class OwnWords {
 public:
  /// Takes a piece of the text in; returns what of it is the ranks', in whole lines.
  std::string take(std::string_view piece);
  /// The rest, a line without its end.
  std::string rest();
  /// All that was held back: blocks between lines of dashes, lines that begin with "[host:process] ", and
  /// that a signal is forwarded.
  const std::string& held() const { return held_; }

 private:
  std::string sort(const std::string& line);
  std::string line_, held_;
  bool in_block_ = false;
};

}  // namespace torchport::runtime
