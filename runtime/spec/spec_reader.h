// Turns the texts of spec/ into Specs, refusing whatever the rest of the program could not rely on. Used by Specs only.
#pragma once
#include <map>
#include <string>

#include "runtime/spec/spec.h"
#include "runtime/spec/spec_map.h"

namespace torchport::runtime {

class SpecReader {
 public:
  /// `trusted`: the errors that the files name are known to be in the catalogue, which then need not be read.
  explicit SpecReader(bool trusted) : trusted_(trusted) {}
  /// {path below spec/ or of an overlay's file, text}
  Specs read(const std::map<std::string, std::string>& files);

  /// One row of parameters, run settings, or a command's options; the caller finishes `row`.
  ParameterSpec read_parameter(const std::string& name, SpecMap& row, const std::vector<Variant>& variants) const;

 private:
  void read_types(SpecMap root);
  void read_run_settings(SpecMap root);
  void read_component(SpecMap root, const std::string& stem);
  PortSpec read_port(const std::string& name, SpecMap& row) const;
  void check_flags(const ComponentSpec& component, const SpecMap& root) const;
  bool trusted_;
  Specs specs_;
};

}  // namespace torchport::runtime
