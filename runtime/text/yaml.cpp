#include "runtime/text/yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <set>
#include <sstream>
#include <vector>

namespace torchport::runtime {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxDepth = 64;  // below yaml-cpp's own guard of 500, whose message names no place

[[noreturn]] void fail(const YAML::Mark& mark, const std::string& reason) {
  if (mark.is_null()) throw YamlError(reason);
  throw YamlError(mark.line + 1, mark.column + 1, reason);
}

/// Walks the events of a document before any node is built, because yaml-cpp resolves aliases and drops duplicate keys silently.
class StrictHandler : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& name) override { fail(mark, "anchors are not allowed (&" + name + ")"); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { fail(mark, "aliases are not allowed"); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (expects_key()) fail(mark, "a key is empty");
    value_done();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    refuse_tag(mark, tag);
    if (expects_key()) {
      if (!open_.back().keys.insert(value).second) fail(mark, "the key '" + value + "' is given twice");
      open_.back().awaits_value = true;
    } else {
      value_done();
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    enter(mark, tag, false);
  }
  void OnSequenceEnd() override { leave(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    enter(mark, tag, true);
  }
  void OnMapEnd() override { leave(); }

 private:
  struct Collection {
    bool map = false, awaits_value = false;
    std::set<std::string> keys;
  };
  bool expects_key() const { return !open_.empty() && open_.back().map && !open_.back().awaits_value; }
  void value_done() {
    if (!open_.empty()) open_.back().awaits_value = false;
  }
  // yaml-cpp reports "?" for plain and "!" for quoted scalars that have no tag.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") fail(mark, "tags are not allowed (" + tag + ")");
  }
  void enter(const YAML::Mark& mark, const std::string& tag, bool map) {
    refuse_tag(mark, tag);
    if (expects_key()) fail(mark, "a key must be a plain text");
    if (open_.size() == kMaxDepth) fail(mark, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    open_.push_back({map, false, {}});
  }
  void leave() {
    open_.pop_back();
    value_done();
  }
  std::vector<Collection> open_;
};

void check_encoding(std::string_view text) {
  if (text.size() > kMaxBytes) throw YamlError("larger than 1 MiB");
  if (text.starts_with("\xEF\xBB\xBF")) throw YamlError("line 1, column 1: begins with a byte order mark");
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) throw YamlError("line 1, column 1: is UTF-16, not UTF-8");
  if (const auto nul = text.find('\0'); nul != text.npos) {
    throw YamlError("line " + std::to_string(1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n')) +
                    ": holds a NUL byte");
  }
}

}  // namespace

YAML::Node parse_yaml(std::string_view text) {
  check_encoding(text);
  const std::string copy(text);
  try {
    std::istringstream stream(copy);
    YAML::Parser parser(stream);
    StrictHandler handler;
    if (!parser.HandleNextDocument(handler)) throw YamlError("holds no document");
    // A second document makes the handler be called again; what it would say about it does not matter.
    StrictHandler second;
    if (parser.HandleNextDocument(second)) throw YamlError("holds more than one document");
    return YAML::Load(copy);
  } catch (const YAML::Exception& error) {
    fail(error.mark, error.msg);
  }
}

}  // namespace torchport::runtime
