#include "runtime/text/json_rows.h"

#include "runtime/text/encoding.h"
#include "runtime/text/json_builder.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kLongestText = std::size_t{16} << 20;  ///< bytes; the parser collects a text before it hands it on

/// The characters of a text that comes in pieces; NaN and Infinity outside of texts become null.
class Characters {
 public:
  explicit Characters(const std::function<std::string_view()>& next) : next_(next) {
    refill();
    if (const char* const fault = other_encoding(piece_)) throw JsonError(fault);
    piece_ = without_mark(piece_);
    advance();
  }
  bool ended() const { return ended_; }
  char current() const { return current_; }

  void advance() {
    if (instead_ < word_.size()) {
      current_ = word_[instead_++];
      return;
    }
    if (piece_.empty()) refill();
    ended_ = piece_.empty();
    if (ended_) return;
    current_ = piece_.front();
    if (in_text_) return pass_text();
    if (current_ == '\0') throw JsonError(kZeroByte);  // for the parser the text ends there
    if (current_ == 'N' || current_ == 'I' || current_ == '-') return pass_word();
    piece_.remove_prefix(1);
    in_text_ = current_ == '"';
    length_ = 0;
  }

 private:
  void refill() { piece_ = next_(); }
  bool take(char wanted) {
    if (piece_.empty()) refill();
    if (!piece_.starts_with(wanted)) return false;
    piece_.remove_prefix(1);
    return true;
  }
  void pass_text() {
    piece_.remove_prefix(1);
    if (++length_ > kLongestText) throw JsonError("has a text of more than " + std::to_string(kLongestText) + " bytes");
    in_text_ = escaped_ || current_ != '"';
    escaped_ = !escaped_ && current_ == '\\';
  }
  void pass_word() {
    word_.clear();
    if (take('-')) word_ = "-";
    const std::string_view wanted = piece_.starts_with('N') && word_.empty() ? "NaN" : "Infinity";
    std::size_t found = 0;
    while (found < wanted.size() && take(wanted[found])) ++found;
    if (found == wanted.size()) {
      word_ = "null";
    } else {
      word_ += wanted.substr(0, found);
    }
    instead_ = 1;
    current_ = word_.front();
  }

  const std::function<std::string_view()>& next_;
  std::string_view piece_;
  std::string word_;         ///< stands for the last characters, the first of which is current_
  std::size_t instead_ = 0;  ///< how many of its characters were given
  std::size_t length_ = 0;
  char current_ = '\0';
  bool ended_ = false, in_text_ = false, escaped_ = false;
};

/// Characters as the parser wants them.
class Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;
  explicit Iterator(Characters* from) : from_(from) {}
  char operator*() const { return from_->current(); }
  Iterator& operator++() {
    from_->advance();
    return *this;
  }
  bool operator==(const Iterator&) const { return from_->ended(); }  // the other one is the end

 private:
  Characters* from_;
};

/// nlohmann's interface for events: builds the rows of wanted lists, and passes over everything else.
class Handler {
 public:
  Handler(JsonRows& rows, const JsonLimits& limits) : rows_(rows), limits_(limits), builder_(limits) {}

  bool null() {
    return other([&] { return builder_.null(); });
  }
  bool boolean(bool value) {
    return other([&] { return builder_.boolean(value); });
  }
  bool number_integer(std::int64_t value) {
    return other([&] { return builder_.number_integer(value); });
  }
  bool number_unsigned(std::uint64_t value) {
    return other([&] { return builder_.number_unsigned(value); });
  }
  bool number_float(double value, const std::string& text) {
    return other([&] { return builder_.number_float(value, text); });
  }
  bool string(std::string& value) {
    return other([&] { return builder_.string(value); });
  }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t size) {
    return open(JsonRows::Kind::object, [&] { return builder_.start_object(size); });
  }
  bool start_array(std::size_t size) {
    return open(JsonRows::Kind::list, [&] { return builder_.start_array(size); });
  }
  bool end_object() {
    return close([&] { return builder_.end_object(); });
  }
  bool end_array() {
    return close([&] { return builder_.end_array(); });
  }
  bool key(std::string& name) {
    if (depth_ > 1) return !wanted_ || builder_.key(name);
    section_ = name;
    if (!seen_.insert(name).second) throw JsonError("has the key '" + visible(name.substr(0, 100)) + "' twice");
    if (seen_.size() > limits_.values) throw JsonError("has more than " + std::to_string(limits_.values) + " keys");
    return true;
  }
  bool parse_error(std::size_t at, const std::string& token, const nlohmann::json::exception& error) {
    return builder_.parse_error(at, token, error);
  }
  bool is_object() const { return object_; }

 private:
  template <class Build>
  bool other(Build build) {
    if (depth_ == 1) wanted_ = rows_.section(section_, JsonRows::Kind::other) && false;
    if (depth_ > 1 && wanted_) {
      build();
      row_done();
    }
    return depth_ > 0;
  }
  template <class Build>
  bool open(JsonRows::Kind kind, Build build) {
    if (depth_ == limits_.depth) throw JsonError("is nested deeper than " + std::to_string(limits_.depth) + " levels");
    if (depth_ == 0 && kind == JsonRows::Kind::list) return false;
    object_ = true;
    if (depth_ == 1) wanted_ = rows_.section(section_, kind) && kind == JsonRows::Kind::list;
    if (depth_ > 1 && wanted_) build();
    ++depth_;
    return true;
  }
  template <class Build>
  bool close(Build build) {
    --depth_;
    if (depth_ > 1 && wanted_) {
      build();
      row_done();
    }
    return true;
  }
  void row_done() {
    if (depth_ == 2) rows_.row(builder_.take());
  }

  JsonRows& rows_;
  const JsonLimits limits_;
  JsonBuilder<nlohmann::json> builder_;
  std::set<std::string> seen_;
  std::string section_;
  std::size_t depth_ = 0;
  bool object_ = false, wanted_ = false;
};

}  // namespace

bool read_json_rows(const std::function<std::string_view()>& next, JsonRows& rows, const JsonLimits& limits) {
  Characters characters(next);
  Handler handler(rows, limits);
  nlohmann::json::sax_parse(Iterator(&characters), Iterator(&characters), &handler);
  return handler.is_object();
}

}  // namespace torchport::runtime
