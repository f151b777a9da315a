// What a step prints, cut down to a line that changes in place, its progress where it draws some, and afterwards its warnings and
// what is not of its log, errors above all. Used by a run of a pipeline that shows little; everything is in the step's own log.
#pragma once
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

class BriefOutput {
 public:
  /// `head` begins the line that changes, on a terminal of `width` columns; 0: there is no terminal, and no such line.
  BriefOutput(std::ostream& out, std::size_t width, std::string head);
  ~BriefOutput();  ///< shows what is not shown yet
  BriefOutput(const BriefOutput&) = delete;
  BriefOutput& operator=(const BriefOutput&) = delete;

  /// A piece of the step's output; pieces may end anywhere.
  void take(std::string_view text);

  /// `line` says how the step ended; under it comes what was kept of its output. "": only where something was kept, under the head.
  void finish(const std::string& line);

 private:
  void sort_in(std::string_view line);
  void redraw(const std::string& head, std::string_view message);
  void redraw_bar();

  std::ostream& out_;
  std::string head_, rest_;  ///< the rest is a line without its end, or the step's bar
  bool drawn_over_ = false;  ///< the rest stands in a line that the step clears before it writes on
  std::vector<std::string> kept_;
  std::size_t width_ = 0;  ///< of the terminal, in columns; 0: there is none
};

}  // namespace torchport::runtime
