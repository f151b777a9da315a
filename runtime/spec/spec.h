// The component specs as C++ values: ports, parameters, ranges, defaults, variants. Nothing of this is written in C++ a second
// time. Parsed once from the embedded spec/*.yaml (and --spec-dir); read by the command line, the checks, the help and the docs.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torchport::runtime {

enum class ParameterType { integer, real, boolean, string, choice, size };

/// An interval such as "(0, )": round brackets exclude the bound, an empty side is unbounded.
struct Range {
  std::optional<double> low, high;
  bool low_open = false, high_open = false;
  std::string low_text, high_text;  ///< the bounds as the spec writes them
  std::string text;                 ///< the whole, as the spec writes it
  std::string words() const;        ///< "> 0", "[0, 180]"
};

/// A value of type `size`, pixels: one length, or height and width.
using Lengths = std::vector<std::int64_t>;

/// A typed value of a parameter.
using Value = std::variant<std::int64_t, double, bool, std::string, Lengths>;

struct ParameterSpec {
  std::string name, flag, title, unit, help;
  ParameterType type = ParameterType::string;
  std::optional<Range> range;
  std::optional<Range> registered_range;    ///< what the designer took: a value beyond it is taken with a warning
  std::vector<std::string> choices;         ///< of type `choice`
  std::optional<std::string> default_text;  ///< as in the YAML file; absent = must be given unless `optional`
  bool optional = false;
  bool option = false;       ///< torchport's own, absent in the original
  bool distributed = false;  ///< a run setting of distributed components only
  bool path = false;         ///< a text that names a file: in a pipeline, relative to it, and part of what decides on reuse
  bool network = false;      ///< says how a network is built: it reaches the architecture, and stands in model_spec.yaml
  bool several =
      false;  ///< a choice: one or more, with commas between; a string: given once for each line. With `path` each is PREFIX=FOLDER
  bool changes_outputs = false;  ///< a run setting on which outputs depend: part of what decides on reuse
  /// Whether it is an integer or a float.
  bool is_number() const { return type == ParameterType::integer || type == ParameterType::real; }
  std::string unknown_error;  ///< of type `choice`: what an unknown value is, e.g. InvalidModelDirectory.unknown_model_name
  /// Its legal values in words, e.g. "> 0" or "True, False".
  std::string allowed() const;
  /// The default, or "none".
  std::string default_or_none() const { return default_text.value_or("none"); }
};

struct PortSpec {
  std::string name, flag, type, title, help;
  bool labelled = false;  ///< an ImageDirectory without labels is refused
  bool optional = false;  ///< may be absent: an input that is not needed, an output that is made where a path is given
  /// The title as it stands within a sentence: "training dataset".
  std::string what() const;
};

/// A row of `variants:`, e.g. {block: bottleneck, layers: [3, 4, 6, 3]}. Getters throw std::logic_error for what is absent or of
/// another type.
class Variant {
 public:
  using Cell = std::variant<std::int64_t, std::string, std::vector<std::int64_t>>;
  std::string name;
  std::map<std::string, Cell, std::less<>> cells;
  std::int64_t integer(std::string_view key) const;
  std::int64_t integer_or(std::string_view key, std::int64_t fallback) const;
  const std::string& text(std::string_view key) const;
  const std::vector<std::int64_t>& integers(std::string_view key) const;
};

/// What is published of an architecture: one file of weights for each variant, and what its images were normalised with.
struct PublishedWeights {
  std::string url;                      ///< the folder of the files, with a slash at its end
  std::array<double, 3> mean, std_dev;  ///< red, green, blue; of pixels / 255
};

/// How a model component is named in model_spec.yaml, and what is to be known of its networks.
struct ArchitectureSpec {
  std::string name;                     ///< function in models/architectures/
  std::string module;                   ///< flavor_extras.module as written
  std::string class_name;               ///< flavor_extras.class
  std::string head;                     ///< torchvision name of the last linear layer, e.g. "fc"
  std::int64_t minimum_size = 1;        ///< smallest legal image height and width, pixels
  std::vector<std::string> last_block;  ///< the modules before the head that `train_layers: last_block` trains
  PublishedWeights published;
};

/// The designer's component of which this is the counterpart. Values are texts as on a command line, by parameter.
struct OriginalSpec {
  std::string module;                           ///< of `python -m`
  std::map<std::string, std::string> defaults;  ///< of its program, where they are not those of the parameters: the registered ones
  std::map<std::string, std::string> alike;     ///< values that make the result the original's, where our defaults do not
  std::vector<std::string> required;            ///< parameters that have no registered default
};

struct ComponentSpec {
  std::string name, function, title, category, summary, description, example;
  bool distributed = false;               ///< launch: distributed
  std::vector<PortSpec> inputs, outputs;  ///< in the order of the spec
  std::vector<ParameterSpec> parameters;  ///< the original's, then torchport's own (`option`)
  std::optional<ArchitectureSpec> architecture;
  std::vector<Variant> variants;  ///< of a model component, sorted as in the spec
  std::optional<OriginalSpec> original;
  std::string text;  ///< the spec as it is written
  const PortSpec* input(std::string_view port) const;
  const PortSpec* output(std::string_view port) const;
  const ParameterSpec* parameter(std::string_view name) const;
  const Variant* variant(std::string_view name) const;
};

/// A port's type: its title and which `type:` of _meta.yaml fits.
struct DirectoryTypeSpec {
  std::string name, directory, description;
  std::string error;  ///< ErrorId of whatever is wrong with such an input, e.g. InvalidDataset
  bool trained_only = false;
  bool file_allowed = false;  ///< a file may do as well
  bool bare_allowed = false;  ///< a folder without _meta.yaml may do: the component's own check decides
  std::string inner_folder;   ///< a folder without _meta.yaml stands for the one of this name in it
};

class Specs {
 public:
  /// The specs compiled into the program, overlaid by set_overlay's folder. Parsed on first use.
  static const Specs& get();
  /// Overlays spec/ with `folder`, which has the same layout: a file of the same name replaces the embedded one, others are added.
  /// Before the first get(). \throws Error FileParsingFailed.spec, CouldNotOpenFile.file
  static void set_overlay(const std::filesystem::path& folder);
  /// Reads specs from texts: {path below spec/, text}. \throws Error FileParsingFailed.spec naming file and line
  static Specs parse(const std::map<std::string, std::string>& files);

  const std::vector<ComponentSpec>& components() const { return components_; }
  /// \throws Error ParameterParsing.unknown_component with the nearest name.
  const ComponentSpec& component(std::string_view name) const;
  /// The model component whose class a model_spec.yaml names, or nullptr.
  const ComponentSpec* by_model_class(std::string_view module, std::string_view class_name) const;
  const std::vector<ParameterSpec>& run_settings() const { return run_settings_; }
  const std::vector<DirectoryTypeSpec>& types() const { return types_; }
  /// \throws std::logic_error if there is no such type
  const DirectoryTypeSpec& type(std::string_view name) const;
  /// \throws std::logic_error if there is no such setting
  const ParameterSpec& run_setting(std::string_view name) const;
  /// The run settings that the component takes.
  std::vector<const ParameterSpec*> run_settings_of(const ComponentSpec& component) const;
  /// `text` with {makers:TYPE} as "ResNet and DenseNet", the titles of the components that write such a directory, the one with
  /// the most variants first; {maker:TYPE} as "ResNet or DenseNet".
  std::string with_makers(std::string text) const;

 private:
  std::vector<ComponentSpec> components_;
  std::vector<ParameterSpec> run_settings_;
  std::vector<DirectoryTypeSpec> types_;
  friend class SpecReader;
};

}  // namespace torchport::runtime
