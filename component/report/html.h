// HTML under construction, in which whatever is given as text is escaped: names of files and of categories are anybody's.
// Used by the report of a run.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torchport::component {

class Html {
 public:
  using Attributes = std::vector<std::pair<std::string_view, std::string>>;

  /// Tags and the names of attributes are ours, their values are escaped.
  Html& open(std::string_view tag, const Attributes& attributes = {});
  /// Of the tag that was opened last.
  Html& close();
  Html& text(std::string_view text);
  /// A tag with a text in it; without one where HTML wants none (img, meta).
  Html& element(std::string_view tag, std::string_view text, const Attributes& attributes = {});
  /// What is HTML already: our own style and script, Graphviz's picture.
  Html& trusted(std::string_view html);
  /// The text, with all closed that is open.
  std::string take();

 private:
  std::string out_;
  std::vector<std::string> open_;
};

/// For contents and for attributes in double quotes. Lines and tabs stay; other control characters and broken UTF-8 are made
/// visible.
std::string html_escaped(std::string_view text);

/// JSON as the content of a script element, which it cannot end.
std::string json_for_script(const nlohmann::json& value);

/// A path as a link's target.
std::string link_to(const std::filesystem::path& path);

}  // namespace torchport::component
