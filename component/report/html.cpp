#include "component/report/html.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "runtime/text/format.h"
#include "runtime/text/xml.h"

namespace torchport::component {
namespace {

constexpr std::array<std::string_view, 3> kWithoutEnd = {"img", "meta", "br"};

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t end = text.find_first_of("\n\t");
    out += runtime::xml_escaped(text.substr(0, end));
    if (end == text.npos) return out;
    out += text[end];
    text.remove_prefix(end + 1);
  }
}

Html& Html::open(std::string_view tag, const Attributes& attributes) {
  out_ += '<';
  out_ += tag;
  for (const auto& [name, value] : attributes) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"" + html_escaped(value) + '"';
  }
  out_ += '>';
  if (std::find(kWithoutEnd.begin(), kWithoutEnd.end(), tag) == kWithoutEnd.end()) open_.emplace_back(tag);
  return *this;
}

Html& Html::close() {
  if (open_.empty()) throw std::logic_error("nothing is open in the page");
  const std::string& tag = open_.back();
  out_ += "</" + tag + '>';
  if (tag != "span" && tag != "td" && tag != "th" && tag != "a" && tag != "button" && tag != "code") out_ += '\n';
  open_.pop_back();
  return *this;
}

Html& Html::text(std::string_view text) {
  out_ += html_escaped(text);
  return *this;
}

Html& Html::element(std::string_view tag, std::string_view text, const Attributes& attributes) {
  const std::size_t depth = open_.size();
  open(tag, attributes);
  if (open_.size() == depth) return *this;
  out_ += html_escaped(text);
  return close();
}

Html& Html::trusted(std::string_view html) {
  out_ += html;
  return *this;
}

std::string Html::take() {
  while (!open_.empty()) close();
  return std::move(out_);
}

std::string json_for_script(const nlohmann::json& value) {
  std::string out;
  for (const char c : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
    out += c == '<' ? "\\u003c" : std::string(1, c);
  return out;
}

std::string link_to(const std::filesystem::path& path) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-~";
  std::string out;
  for (const char c : path.generic_string())
    out += kPlain.find(c) != kPlain.npos ? std::string(1, c) : runtime::formatted("%%%02X", static_cast<unsigned char>(c));
  return out;
}

}  // namespace torchport::component
