// What --set says, while a pipeline file is read: each setting has to find what it is for. Used by the reader.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/pipeline/step_values.h"

namespace torchport::runtime {

/// `--set TARGET=VALUE`; the target is STEP.PARAMETER or inputs.NAME.
struct Setting {
  std::string step, name, value;
  std::string place() const { return "--set " + step + "." + name + "=" + value; }
};

/// Splits "train.epochs=10". \throws Error ParameterParsing.set_form
Setting parse_setting(const std::string& text);

class Settings {
 public:
  explicit Settings(const std::vector<Setting>& all) : all_(all), unused_(all) {}
  /// What is said of this, if anything: of several the last, or, of a row that may be given several times, all of them as lines.
  /// They have found what they are for.
  std::optional<Said> take(const std::string& step, const std::string& name, bool several = false);
  /// Those of a step that nobody has taken; they are no longer looked for.
  std::vector<Setting> rest_of(const std::string& step);
  const std::vector<Setting>& rest() const { return unused_; }

 private:
  const std::vector<Setting>& all_;
  std::vector<Setting> unused_;
};

}  // namespace torchport::runtime
