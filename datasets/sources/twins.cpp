#include "datasets/sources/twins.h"

#include <iconv.h>

#include "datasets/sources/parts.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"
#include "runtime/text/utf8_locale.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kNamed = 3;

/// What is left of a name where case, and blanks at its ends and in a row, do not count.
std::string folded(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool blank = c == ' ' || c == '\t' || c == '_';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : runtime::lower(c);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// Whether an accent is a character of its own (U+0300 to U+036F), as the Finder's are.
bool decomposed(std::string_view name) {
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    const auto lead = static_cast<unsigned char>(name[i]), next = static_cast<unsigned char>(name[i + 1]);
    if (lead == 0xCC || (lead == 0xCD && next < 0xB0)) return true;
  }
  return false;
}

/// Without accents, of either form; as it is where something else than Latin letters is in it.
std::string unaccented(std::string name) {
  const runtime::Utf8Locale locale;
  const iconv_t converter = iconv_open("ASCII//TRANSLIT", "UTF-8");
  if (converter == reinterpret_cast<iconv_t>(-1)) return name;
  std::string out(4 * name.size() + 16, '\0');
  char *from = name.data(), *to = out.data();
  std::size_t in_left = name.size(), out_left = out.size();
  const bool whole = iconv(converter, &from, &in_left, &to, &out_left) != static_cast<std::size_t>(-1);
  iconv_close(converter);
  out.resize(out.size() - out_left);
  return whole && out.find('?') == out.npos ? out : name;
}

}  // namespace

void remark_twins(const std::vector<std::string>& categories, Account& account) {
  const bool accents = std::any_of(categories.begin(), categories.end(), decomposed);
  std::map<std::string, std::vector<std::string>> alike;
  for (const std::string& name : categories)
    alike[folded(accents ? unaccented(name) : name)].push_back("'" + runtime::visible(name) + "'");
  std::vector<std::string> groups;
  for (const auto& [name, names] : alike)
    if (names.size() > 1) groups.push_back(runtime::join(names, " and "));
  const std::size_t count = groups.size();
  if (count > kNamed) groups.resize(kNamed);
  if (count) {
    account.remark(std::string("Categories that differ in case") + (accents ? ", blanks or accents" : " or blanks") + " only: " +
                   runtime::join(groups, ", ") + (count > kNamed ? " and " + std::to_string(count - kNamed) + " more" : ""));
  }
  if (categories.size() > 1 && std::all_of(categories.begin(), categories.end(), is_part_name))
    account.remark("The categories have the names of a data set's parts: " + runtime::join(categories, ", "));
}

}  // namespace torchport::datasets
