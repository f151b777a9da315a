#include "runtime/text/yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "runtime/text/encoding.h"
#include "runtime/text/merge_keys.h"
#include "runtime/text/utf8.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxForeignBytes = std::size_t{4} << 20;  ///< graphs in JSON are longer than what people write
constexpr std::size_t kMaxValues = 100'000;  // with those of aliases: a few lines of them can stand for more than memory holds
constexpr std::size_t kMaxDepth = 64;        // below yaml-cpp's own guard of 500, whose message names no place

[[noreturn]] void fail(const YAML::Mark& mark, const std::string& reason) {
  if (mark.is_null()) throw YamlError(reason);
  throw YamlError(mark.line + 1, mark.column + 1, reason);
}

/// Walks the events of a document before any node is built, because yaml-cpp resolves aliases and drops duplicate keys silently.
class StrictHandler : public YAML::EventHandler {
 public:
  StrictHandler(std::string_view text, bool shared) : text_(text), shared_(shared) {}
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    if (!shared_) fail(mark, "anchors are not allowed (&" + name + ")");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (!shared_) fail(mark, "aliases are not allowed");
    if (expects_key()) fail(mark, "a key must be a plain text");
    const auto known = sizes_.find(anchor);
    if (known == sizes_.end()) fail(mark, "an alias within what it names");
    values_ += known->second;
    if (values_ > kMaxValues) fail(mark, "aliases make it larger than " + std::to_string(kMaxValues) + " values");
    value_done();
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) fail(mark, "a key is empty");
    count(anchor);
    value_done();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    refuse_tag(mark, tag);
    refuse_open_quote(mark);
    count(anchor);
    if (expects_key()) {
      if (!open_.back().keys.insert(value).second) fail(mark, "the key '" + value + "' is given twice");
      open_.back().awaits_value = true;
    } else {
      value_done();
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    enter(mark, tag, anchor, false);
  }
  void OnSequenceEnd() override { leave(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    enter(mark, tag, anchor, true);
  }
  void OnMapEnd() override { leave(); }

 private:
  struct Collection {
    bool map = false, awaits_value = false;
    std::set<std::string> keys;
    YAML::anchor_t anchor = 0;
    std::size_t before = 0;  ///< values before it
  };
  bool expects_key() const { return !open_.empty() && open_.back().map && !open_.back().awaits_value; }
  void value_done() {
    if (!open_.empty()) open_.back().awaits_value = false;
  }
  // yaml-cpp reports "?" for plain and "!" for quoted scalars that have no tag.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") fail(mark, "tags are not allowed (" + tag + ")");
  }
  // yaml-cpp takes a line's end before the end of the text for the closing quote.
  void refuse_open_quote(const YAML::Mark& mark) const {
    auto at = static_cast<std::size_t>(mark.pos);
    const char quote = at < text_.size() ? text_[at] : ' ';
    if (quote != '"' && quote != '\'') return;
    while (++at < text_.size() && text_[at] != quote) at += quote == '"' && text_[at] == '\\';
    if (at >= text_.size()) fail(mark, "a quote that is never closed");
  }
  void count(YAML::anchor_t anchor) {
    ++values_;
    if (anchor != 0) sizes_[anchor] = 1;
  }
  void enter(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, bool map) {
    refuse_tag(mark, tag);
    if (expects_key()) fail(mark, "a key must be a plain text");
    if (open_.size() == kMaxDepth) fail(mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    open_.push_back({map, false, {}, anchor, values_++});
  }
  void leave() {
    if (open_.back().anchor != 0) sizes_[open_.back().anchor] = values_ - open_.back().before;
    open_.pop_back();
    value_done();
  }
  std::string_view text_;
  bool shared_;
  std::vector<Collection> open_;
  std::size_t values_ = 0;
  std::map<YAML::anchor_t, std::size_t> sizes_;  ///< of values that have an anchor and are whole
};

std::size_t line_of(std::string_view text, std::size_t at) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

void check_encoding(std::string_view text, bool foreign) {
  if (text.size() > (foreign ? kMaxForeignBytes : kMaxBytes)) throw YamlError(foreign ? "larger than 4 MiB" : "larger than 1 MiB");
  if (const char* const fault = encoding_fault(text)) throw YamlError(1, 1, fault);
  if (const auto nul = text.find('\0'); nul != text.npos)
    throw YamlError("line " + std::to_string(line_of(text, nul)) + ": holds a NUL byte");
  if (!is_utf8(text)) throw YamlError("is not UTF-8");
  // yaml-cpp passes over directives that it does not know, and over one at the end.
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find('\n', at), text.size() - 1) + 1)
    if (text[at] == '%') throw YamlError(static_cast<int>(line_of(text, at)), 1, "directives (%) are not allowed");
}

/// Words for the commonest mistakes in place of yaml-cpp's, which name what the parser looked for.
std::string meaning(std::string_view text, const YAML::Exception& error) {
  std::size_t begin = 0;
  for (int line = 0; line < error.mark.line && begin < text.size(); ++line)
    begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
  const std::string_view indentation = text.substr(begin, text.find_first_not_of(" \t", begin) - begin);
  if (!error.mark.is_null() && indentation.find('\t') != indentation.npos)
    return "a tab before the line's first character, where only spaces may be";
  if (error.msg == "illegal map value") return "a second ': ', where none belongs; a text with ': ' in it stands in quotes";
  return error.msg;
}

YAML::Node parse(std::string_view text, bool shared) {
  check_encoding(text, shared);
  const std::string copy(text);
  try {
    std::istringstream stream(copy);
    YAML::Parser parser(stream);
    StrictHandler handler(copy, shared);
    if (!parser.HandleNextDocument(handler)) throw YamlError("holds no document");
    // A second document makes the handler be called again; what it would say about it does not matter.
    StrictHandler second(copy, shared);
    if (parser.HandleNextDocument(second)) throw YamlError("holds more than one document");
    YAML::Node root = YAML::Load(copy);
    if (shared) resolve_merge_keys(root);
    return root;
  } catch (const YAML::Exception& error) {
    fail(error.mark, meaning(copy, error));
  }
}

}  // namespace

YAML::Node parse_yaml(std::string_view text) { return parse(text, false); }

YAML::Node parse_yaml_with_aliases(std::string_view text) { return parse(text, true); }

}  // namespace torchport::runtime
