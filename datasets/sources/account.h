// What became of everything that lay in an input: left out for which reason, links that were followed, categories that were lost.
// Filled by the formats and by whoever looks through folders and archives; Convert to Image Directory logs and records it.
#pragma once
#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::datasets {

/// Counts, and of each reason the first names in the order of the alphabet, whatever the order they come in. Names may be any
/// bytes.
class Account {
 public:
  /// `reason` fits after "Left out 3,": "unreadable", "links to nowhere". `note` says more of this one.
  void leave_out(std::string_view reason, const std::string& name, const std::string& note = "");
  /// A file whose name is not an image's; counted by its extension as well.
  void leave_out_type(const std::string& name);
  /// What tools and systems put there, of which nobody would miss anything: told, but no warning.
  void leave_out_tool(const std::string& name);
  /// A link that was followed; `outside` is where it leads if that is not in the input.
  void follow(const std::string& name, const std::string& outside);
  void lose_category(const std::string& name, const std::string& why);
  /// A warning that is none of these.
  void remark(const std::string& text);
  /// Takes over what `other` has counted.
  void add(const Account& other);

  struct Line {
    bool warning;
    std::string text;
  };
  /// The account as lines for a log: one for each reason.
  std::vector<Line> lines() const;
  /// The same for the record of a run.
  nlohmann::json json() const;

 private:
  struct Group {
    bool warning = true;
    std::size_t count = 0;
    std::map<std::string, std::size_t> kinds;  // of files of another type: by extension
    std::map<std::string, std::string> first;  // names, each with its note
    void add(const std::string& name, const std::string& note);
    std::string text() const;
    nlohmann::json json() const;
  };
  std::map<std::string, Group, std::less<>> left_out_;
  Group followed_, outside_;
  std::map<std::string, std::string> lost_;
  std::vector<std::string> remarks_;
};

}  // namespace torchport::datasets
