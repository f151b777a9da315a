// YAML that is written, from values that JSON has: block style, so that people can read it. Used by those who write pipelines and
// the files of other systems.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace torchport::runtime {

/// A text that YAML 1.1 and 1.2 read as this text, in quotes where it must be.
std::string yaml_text(const std::string& text);

/// As a value of yaml_of: one text whose parts stand on lines of their own in the file, and are read with blanks between (`>-`).
nlohmann::ordered_json folded(const std::vector<std::string>& lines);
/// As a value of yaml_of: a text of these lines, each with a line feed (`|`).
nlohmann::ordered_json literal(const std::vector<std::string>& lines);

/// The document, with a line feed at its end. Numbers have the form that YAML 1.1 takes for numbers, too: 1.0e-05.
std::string yaml_of(const nlohmann::ordered_json& document);

}  // namespace torchport::runtime
