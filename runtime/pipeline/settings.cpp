#include "runtime/pipeline/settings.h"

namespace torchport::runtime {

Setting parse_setting(const std::string& text) {
  const std::size_t equal = text.find('='), dot = text.find('.');
  if (equal == text.npos || dot > equal || dot == 0 || dot + 1 == equal)
    throw Error("ParameterParsing.set_form", {{"value", text}});
  return {text.substr(0, dot), text.substr(dot + 1, equal - dot - 1), text.substr(equal + 1)};
}

std::optional<Said> Settings::take(const std::string& step, const std::string& name, bool several) {
  const Setting* last = nullptr;
  std::string text;
  for (const Setting& setting : all_) {
    if (setting.step != step || setting.name != name) continue;
    text = (last && several ? text + "\n" : "") + setting.value;
    last = &setting;
  }
  if (!last) return std::nullopt;
  std::erase_if(unused_, [&](const Setting& one) { return one.step == step && one.name == name; });
  return Said{text, "command line", last->place(), std::filesystem::path()};
}

std::vector<Setting> Settings::rest_of(const std::string& step) {
  std::vector<Setting> rest;
  for (const Setting& one : unused_)
    if (one.step == step) rest.push_back(one);
  std::erase_if(unused_, [&](const Setting& one) { return one.step == step; });
  return rest;
}

}  // namespace torchport::runtime
