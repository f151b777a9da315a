// A request: one component, its ports' paths and its parameters' values, as a user gave them on a command line.
// Made by parse_request; read by the checks, the launcher and, through Context, by the component.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/request/opened.h"
#include "runtime/request/parse_value.h"
#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// A value and where it came from: "default" or "command line" (later wins).
struct Given {
  Value value;
  std::string origin;
};

struct Request {
  const ComponentSpec* component = nullptr;
  std::map<std::string, std::filesystem::path, std::less<>> inputs, outputs;  ///< by port name; one without path is absent
  std::map<std::string, Given, std::less<>> parameters;                       ///< by name; an optional one without value is absent
  std::map<std::string, Given, std::less<>> run_settings;
  std::vector<std::string> arguments;  ///< as given, for the launcher to hand on
  std::vector<ValueNote> notes;        ///< on values that may mean something else than they look like
  std::shared_ptr<Opened> opened;      ///< where checks put what they opened; null: nothing is kept

  /// \throws std::logic_error for a name that the spec lacks, or another type: a bug of ours.
  template <class T>
  const T& get(std::string_view name) const;
  template <class T>
  const T& setting(std::string_view name) const;
  /// Hands a directory that a check opened on to the component, where one will run.
  template <class T>
  void keep(std::string_view port, T directory) const {
    if (opened) opened->keep(port, std::move(directory));
  }
  /// Whether somebody asked for the parameter's value, be it the default.
  bool is_given(std::string_view name) const;
  bool has(std::string_view name) const { return parameters.find(name) != parameters.end(); }
  bool has_setting(std::string_view name) const { return run_settings.find(name) != run_settings.end(); }
};

/// Parses `arguments` (without the component's name) against the spec. Every fault goes into `problems`; values without fault are
/// kept.
Request parse_request(const ComponentSpec& component, const std::vector<std::string>& arguments, Problems& problems);

}  // namespace torchport::runtime
