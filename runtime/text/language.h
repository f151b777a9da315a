// Texts in the reader's language; English ones are their own keys. Used by the help, and by all that writes a report.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

class Language {
 public:
  /// English.
  Language() = default;
  /// `table`: a line "English = other" for each text; other lines say nothing.
  Language(std::string name, std::string_view table);
  const std::string& name() const { return name_; }
  bool english() const { return name_ == "en"; }
  /// The words for `english`, which stay where the language has none.
  std::string operator()(std::string_view english) const;
  /// The same, with `parts` in place of {0}, {1}, ...
  std::string operator()(std::string_view english, const std::vector<std::string>& parts) const;
  /// The words for a whole English sentence with its parts in it, by the pattern of the table ("{0} of {1} images scored") that
  /// made it, of several the one with the most words of its own. It stays as it is where there is none.
  std::string sentence(const std::string& english) const;

 private:
  std::string name_ = "en";
  std::map<std::string, std::string, std::less<>> table_;
};

}  // namespace torchport::runtime
