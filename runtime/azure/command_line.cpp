#include "runtime/azure/command_line.h"

#include <algorithm>
#include <string_view>

namespace torchport::runtime::azure {
namespace {

constexpr const char* kInvoker = "azureml.studio.modulehost.module_invoker";  ///< runs the module that its --module-name names

struct Word {
  std::string text;
  bool may_be_absent = false;
  bool quoted = false;
};

/// Words as a POSIX shell makes them. Placeholders are part of a word, whatever they will stand for.
class Words {
 public:
  explicit Words(const std::string& text) : text_(text) {
    while (at_ < text_.size()) step();
    end_word();
  }
  std::vector<Word> words;
  std::string odd;

 private:
  bool comes(std::string_view what) const { return std::string_view(text_).substr(at_).starts_with(what); }

  void end_word() {
    if (open_) words.push_back({word_, optional_, quoted_});
    word_.clear();
    open_ = quoted_ = false;
  }
  void add(char c) {
    word_ += c;
    open_ = true;
  }

  void step() {
    const char c = text_[at_];
    if (comes("${{")) return placeholder();
    if (comes("$[[") || comes("]]")) {
      end_word();
      optional_ = c == '$';
      at_ += c == '$' ? 3 : 2;
    } else if (quote_ != 0) {
      if (c == quote_) {
        quote_ = 0;
      } else {
        if (c == '\\' && quote_ == '"' && at_ + 1 < text_.size()) ++at_;
        add(text_[at_]);
      }
      ++at_;
    } else if (c == '"' || c == '\'') {
      quote_ = c;
      open_ = quoted_ = true;
      ++at_;
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      end_word();
      ++at_;
    } else if (c == '\\' && at_ + 1 < text_.size()) {
      if (text_[at_ + 1] != '\n') add(text_[at_ + 1]);
      at_ += 2;
    } else {
      if (std::string_view("&|;<>`").find(c) != std::string_view::npos && odd.empty()) odd = std::string("'") + c + "'";
      if (c == '$' && odd.empty()) odd = "a variable of the shell";
      add(c);
      ++at_;
    }
  }

  void placeholder() {
    const std::size_t end = text_.find("}}", at_);
    for (std::size_t i = at_; i < std::min(end == text_.npos ? end : end + 2, text_.size()); ++i)
      if (text_[i] != ' ') add(text_[i]);
    open_ = true;
    at_ = end == text_.npos ? text_.size() : end + 2;
  }

  const std::string& text_;
  std::string word_;
  std::size_t at_ = 0;
  char quote_ = 0;
  bool open_ = false, optional_ = false, quoted_ = false;
};

bool is_python(const std::string& word) {
  const std::string name = word.substr(word.find_last_of('/') + 1);  // npos + 1 is 0
  return name.starts_with("python") && name.find_first_not_of("0123456789.", 6) == name.npos;
}

/// Where the module of `python [flags] -m MODULE` stands, of which the word before `at` is python; 0: there is none.
std::size_t module_at(const std::vector<Word>& words, std::size_t at) {
  for (; at + 1 < words.size() && words[at].text.starts_with('-') && words[at].text != "-c"; ++at) {
    if (words[at].text == "-m") return at + 1;
    if (words[at].text == "-W" || words[at].text == "-X") ++at;
  }
  return 0;
}

/// The flags from word `at` on; what is none makes the command odd.
void read_flags(CommandLine& line, const std::vector<Word>& words, std::size_t at) {
  while (at < words.size()) {
    const Word& word = words[at++];
    if (!word.text.starts_with("--") || word.text.size() < 3) {
      if (line.odd.empty()) line.odd = "'" + word.text + "', which belongs to no flag";
      continue;
    }
    const std::size_t equal = word.text.find('=');
    CommandFlag flag{word.text.substr(2, equal == word.text.npos ? equal : equal - 2), "True", word.may_be_absent};
    if (equal != word.text.npos) {
      flag.value = word.text.substr(equal + 1);
    } else if (at < words.size() && (words[at].quoted || !words[at].text.starts_with("--"))) {
      flag.value = words[at++].text;
    }
    line.flags.push_back(std::move(flag));
  }
}

}  // namespace

CommandLine read_command(const std::string& text) {
  const Words read(text);
  CommandLine line;
  line.odd = read.odd;
  if (read.words.size() > 2 && read.words[0].text == "torchport" && read.words[1].text == "run") {
    line.component = read.words[2].text;
    read_flags(line, read.words, 3);
    return line;
  }
  for (std::size_t i = 0; i < read.words.size() && line.module.empty(); ++i) {
    const std::size_t at = is_python(read.words[i].text) ? module_at(read.words, i + 1) : 0;
    if (at == 0) continue;
    line.module = read.words[at].text;
    if (i > 0 && line.odd.empty()) line.odd = "'" + read.words[0].text + "' before python";
    read_flags(line, read.words, at + 1);
  }
  if (line.module.empty() && line.odd.empty() && !read.words.empty()) line.odd = "'" + read.words[0].text + "' before the module";
  if (line.module != kInvoker) return line;
  for (auto flag = line.flags.begin(); flag != line.flags.end(); ++flag) {
    if (flag->name != "module-name" && flag->name != "module_name") continue;
    line.module = flag->value;
    line.flags.erase(flag);
    break;
  }
  return line;
}

std::vector<std::string> placeholders(const std::string& text, const std::string& kind) {
  const std::string begin = "${{" + kind + ".";
  std::vector<std::string> names;
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at + 1)) {
    const std::size_t end = text.find("}}", at);
    if (end == text.npos) break;
    names.push_back(text.substr(at + begin.size(), end - at - begin.size()));
  }
  return names;
}

std::string only_placeholder(const std::string& text, const std::string& kind) {
  const auto names = placeholders(text, kind);
  return names.size() == 1 && text == "${{" + kind + "." + names.front() + "}}" ? names.front() : "";
}

}  // namespace torchport::runtime::azure
