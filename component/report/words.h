// The words of a page in the reader's language; English ones are their own keys. Used by all that writes the report.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torchport::component {

class Words {
 public:
  /// `language`: "en", or one of component/report/page/<language>.txt. \throws std::logic_error where there is none
  explicit Words(std::string_view language);
  const std::string& language() const { return language_; }
  /// The words for `english`, which stay where the language has none.
  std::string operator()(std::string_view english) const;
  /// The same, with `parts` in place of {0}, {1}, ...
  std::string operator()(std::string_view english, const std::vector<std::string>& parts) const;

 private:
  std::string language_;
  std::map<std::string, std::string, std::less<>> table_;
};

/// The generated tables of component/report/page/ and of Chart.js: {file name, text}.
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_page();
const std::vector<std::pair<std::string_view, std::string_view>>& embedded_libraries();
/// The text of one of these files. \throws std::logic_error where there is none
std::string_view page_file(std::string_view name);

}  // namespace torchport::component
