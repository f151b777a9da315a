#include "runtime/azure/draft.h"

#include <algorithm>

#include "runtime/text/text.h"
#include "runtime/text/yaml_writer.h"

namespace torchport::runtime::azure {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }

/// The lines of a pipeline file with their origins.
class Writer {
 public:
  Writer(const fs::path& from, const fs::path& target)
      : from_(from), target_(fs::absolute(target.empty() ? "." : target).lexically_normal()) {}
  void line(const std::string& text, const std::string& origin = "") {
    out_.text += text + "\n";
    out_.origins.push_back(origin);
  }
  void map(const std::string& key, const std::vector<DraftValue>& values) {
    if (values.empty()) return;
    line("    " + key + ":");
    for (const DraftValue& value : values) line("      " + value.name + ": " + text_of(value), value.place);
  }
  void input(const DraftInput& one) {
    const std::string text = one.path.empty() ? one.value : yaml_text(path(one.path));
    line("  " + one.name + ":" + (text.empty() ? "" : " " + text), one.place);
  }
  DraftText take() { return std::move(out_); }

 private:
  std::string text_of(const DraftValue& value) const {
    if (!value.input.empty()) return value.input;
    return value.is_file ? yaml_text(path(value.path)) : value.text;
  }
  std::string path(const fs::path& given) const {
    if (given.is_absolute()) return given.string();
    const fs::path whole = fs::absolute(from_ / given).lexically_normal(), near = whole.lexically_relative(target_);
    return (near.empty() ? whole : near).string();
  }

  fs::path from_, target_;
  DraftText out_;
};

}  // namespace

const DraftValue* DraftStep::parameter(const std::string& wanted) const {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const DraftValue& one) { return one.name == wanted; });
  return found == parameters.end() ? nullptr : &*found;
}

void Draft::ignore(const std::string& place, const std::string& where, const std::string& key, const std::string& why) {
  Ignored& one = ignored_[key];
  if (one.count++ == 0) one = {place, where, why, 1};
}

void Draft::finish() {
  for (const auto& [key, one] : ignored_) {
    const std::string more =
        one.count > 1 ? ", as in " + std::to_string(one.count - 1) + (one.count == 2 ? " more place" : " more places") : "";
    note(one.place, one.where + ": " + key + (key.ends_with('s') ? " are" : " is") + " ignored" + more +
                        (one.why.empty() ? "" : ": " + one.why));
  }
  ignored_.clear();
}

void Draft::note_in(Pipeline& pipeline) const {
  const auto is_said = [&](const PipelineNote& later) {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const PipelineNote& own) { return own.place == later.place && own.text.ends_with(later.text); });
  };
  std::erase_if(pipeline.notes, is_said);
  pipeline.notes.insert(pipeline.notes.begin(), notes.begin(), notes.end());
}

std::string Draft::input(const std::string& wanted, const fs::path& path, const std::string& place) {
  const auto named = [&](const std::string& text) {
    return std::find_if(inputs.begin(), inputs.end(), [&](const DraftInput& one) { return one.name == text; });
  };
  const std::string base = as_name(wanted);
  std::string free = base;
  for (int number = 2; named(free) != inputs.end(); ++number) {
    if (named(free)->path == path && named(free)->place == place) return "inputs." + free;
    free = base + "_" + std::to_string(number);
  }
  inputs.push_back({free, path, place});
  return "inputs." + free;
}

std::string Draft::value(const std::string& wanted, const std::string& text, const std::string& place) {
  const std::string own = as_name(wanted);
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const DraftInput& one) { return one.name == own; });
  if (found != inputs.end() && (found->value != text || found->place != place)) return "";
  if (found == inputs.end()) inputs.push_back({own, "", place, text});
  return "inputs." + own;
}

fs::path Draft::from_here(const fs::path& base, const fs::path& path) const {
  if (path.is_absolute()) return path;
  const fs::path near = (base / path).lexically_normal().lexically_relative(folder.lexically_normal());
  return near.empty() ? fs::absolute(base / path) : near;
}

void Draft::release_files(const fs::path& target) {
  const fs::path home = fs::absolute(target.empty() ? "." : target).lexically_normal();
  const auto is_outside = [&](const fs::path& path) {
    const fs::path near = fs::absolute(folder / path).lexically_normal().lexically_relative(home);
    return near.empty() || *near.begin() == "..";
  };
  for (DraftStep& step : steps)
    for (DraftValue& value : step.parameters) {
      if (value.path.empty() || !is_outside(value.path)) continue;  // it has one of this machine where it is a file
      if (value.input.empty()) value.input = input(step.name + "_" + value.name, "", value.place);
      for (DraftInput& one : inputs) {
        if ("inputs." + one.name != value.input || !one.advice.empty()) continue;
        one.path.clear();
        one.advice = (folder / value.path).lexically_normal();
        note(value.place,
             step.name + ": its file " + value.path.string() +
                 " lies outside of the folder of the pipeline file, which reads none from elsewhere by itself: --set inputs." +
                 one.name + "=" + one.advice.string());
      }
    }
}

DraftStep* Draft::step(const std::string& wanted) {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const DraftStep& one) { return one.name == wanted; });
  return found == steps.end() ? nullptr : &*found;
}

DraftText Draft::written(const fs::path& file, const fs::path& target) const {
  Writer out(folder, target);
  out.line("# Made of " + visible(file.filename().string()) + " by torchport import. What differs from it, and what is assumed:");
  for (const PipelineNote& one : notes) out.line("#   " + visible(one.place + ": " + one.text));
  out.line("name: " + name);
  if (!description.empty()) out.line("description: " + yaml_text(description));
  if (!inputs.empty()) out.line("inputs:");
  for (const DraftInput& one : inputs) out.input(one);
  out.line("steps:");
  for (const DraftStep& step : steps) {
    out.line("  " + step.name + ":", step.place);
    out.line("    component: " + step.component->name, step.place);
    out.map("inputs", step.inputs);
    out.map("parameters", step.parameters);
    out.map("run", step.run);
  }
  return out.take();
}

std::string as_name(const std::string& text) {
  std::string name;
  for (const char c : text) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (is_small(small) || is_digit(small)) {
      name += small;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty() || !is_small(name[0]) || name == "inputs") name = "step_" + name;
  return name.substr(0, kLongestName);
}

}  // namespace torchport::runtime::azure
