// A locale in which names are UTF-8, for C libraries that go by the locale of the thread. Used around calls of libarchive and
// iconv.
#pragma once
#include <locale.h>

namespace torchport::runtime {

/// While it lives, names are UTF-8 on this thread, whatever locale the user has.
class Utf8Locale {
 public:
  Utf8Locale() : utf8_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(uselocale(utf8_)) {}
  ~Utf8Locale() {
    uselocale(before_);
    if (utf8_) freelocale(utf8_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t utf8_, before_;
};

}  // namespace torchport::runtime
