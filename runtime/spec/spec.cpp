#include "runtime/spec/spec.h"

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/spec/embedded.h"
#include "runtime/spec/spec_reader.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

template <class Rows>
auto find_named(const Rows& rows, std::string_view name) -> decltype(rows.data()) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

template <class T>
const T& cell_of(const Variant& variant, std::string_view key) {
  const auto found = variant.cells.find(key);
  const T* value = found == variant.cells.end() ? nullptr : std::get_if<T>(&found->second);
  if (!value) throw std::logic_error("the variant " + variant.name + " has no such '" + std::string(key) + "'");
  return *value;
}

struct Overlay {
  std::map<std::string, std::string> files;  // spec/ as compiled in, with the overlay's files over it
  bool given = false, read = false;
};

Overlay& overlay() {
  static Overlay state = [] {
    Overlay fresh;
    for (const auto& [path, text] : embedded_specs()) fresh.files.emplace("spec/" + std::string(path), text);
    return fresh;
  }();
  return state;
}

void add_overlay_files(const std::filesystem::path& folder, const std::string& below) {
  for (const auto& entry : std::filesystem::directory_iterator(folder / below)) {
    if (entry.path().extension() != ".yaml") continue;
    try {
      const std::string text = read_file(entry.path(), kSmallText);
      overlay().files.erase("spec/" + below + entry.path().filename().string());
      overlay().files.insert_or_assign(entry.path().string(), text);
    } catch (const std::runtime_error& error) {
      throw Error("CouldNotOpenFile.file", {{"path", entry.path().string()}, {"reason", error.what()}});
    }
  }
}

}  // namespace

std::string PortSpec::what() const {
  std::string text = title;
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

std::string Range::words() const {
  if (low && high) return text;
  if (low) return (low_open ? "> " : ">= ") + low_text;
  return (high_open ? "< " : "<= ") + high_text;
}

std::string ParameterSpec::allowed() const {
  switch (type) {
    case ParameterType::boolean:
      return "True, False";
    case ParameterType::string:
      return "any text";
    case ParameterType::choice:
      return (several ? "one or more, with commas between, of " : "") + join(choices, ", ");
    case ParameterType::integer:
    case ParameterType::real:
    case ParameterType::size:
      break;
  }
  if (type == ParameterType::size) return range->words() + ", also two as [height, width]";
  if (!range) return type == ParameterType::integer ? "any 64-bit integer" : "any finite number";
  return range->words();
}

std::int64_t Variant::integer(std::string_view key) const { return cell_of<std::int64_t>(*this, key); }
std::int64_t Variant::integer_or(std::string_view key, std::int64_t fallback) const {
  return cells.find(key) == cells.end() ? fallback : integer(key);
}
const std::string& Variant::text(std::string_view key) const { return cell_of<std::string>(*this, key); }
const std::vector<std::int64_t>& Variant::integers(std::string_view key) const {
  return cell_of<std::vector<std::int64_t>>(*this, key);
}

const PortSpec* ComponentSpec::input(std::string_view port) const { return find_named(inputs, port); }
const PortSpec* ComponentSpec::output(std::string_view port) const { return find_named(outputs, port); }
const ParameterSpec* ComponentSpec::parameter(std::string_view parameter_name) const {
  return find_named(parameters, parameter_name);
}
const Variant* ComponentSpec::variant(std::string_view variant_name) const { return find_named(variants, variant_name); }

const Specs& Specs::get() {
  static const Specs specs = [] {
    Specs read = SpecReader(/*trusted=*/!overlay().given).read(overlay().files);
    overlay().read = true;
    return read;
  }();
  return specs;
}

void Specs::set_overlay(const std::filesystem::path& folder) {
  if (overlay().read) throw std::logic_error("set_overlay came after the first use of the specs");
  std::error_code fault;
  if (!std::filesystem::is_directory(folder, fault)) {
    const std::string reason = fault ? fault.message() : "Not a directory";
    throw Error("CouldNotOpenFile.file", {{"path", folder.string()}, {"reason", reason}});
  }
  overlay().given = true;
  add_overlay_files(folder, "");
  if (std::filesystem::is_directory(folder / "components", fault)) add_overlay_files(folder, "components/");
  get();
}

Specs Specs::parse(const std::map<std::string, std::string>& files) { return SpecReader(/*trusted=*/false).read(files); }

const ComponentSpec& Specs::component(std::string_view name) const {
  if (const ComponentSpec* found = find_named(components_, name)) return *found;
  std::vector<std::string> names;
  for (const ComponentSpec& component : components_) names.push_back(component.name);
  const std::string near = nearest(name, names);
  throw Error("ParameterParsing.unknown_component",
              {{"component", std::string(name)}, {"nearest", near.empty() ? "" : "Did you mean " + near + "? "}});
}

const ComponentSpec* Specs::by_model_class(std::string_view module, std::string_view class_name) const {
  for (const ComponentSpec& component : components_) {
    if (component.architecture && component.architecture->module == module && component.architecture->class_name == class_name) {
      return &component;
    }
  }
  return nullptr;
}

const DirectoryTypeSpec& Specs::type(std::string_view name) const {
  if (const DirectoryTypeSpec* found = find_named(types_, name)) return *found;
  throw std::logic_error("types.yaml has no type '" + std::string(name) + "'");
}

std::string Specs::with_makers(std::string text) const {
  for (const auto& [opening, conjunction] : {std::pair("{makers:", " and "), std::pair("{maker:", " or ")}) {
    for (std::size_t at; (at = text.find(opening)) != text.npos;) {
      const std::size_t name = at + std::string_view(opening).size(), end = text.find('}', name);
      const std::string type = text.substr(name, end - name);
      std::vector<const ComponentSpec*> makers;
      for (const ComponentSpec& component : components_) {
        const auto fits = [&](const PortSpec& port) { return port.type == type; };
        if (std::any_of(component.outputs.begin(), component.outputs.end(), fits)) makers.push_back(&component);
      }
      std::stable_sort(makers.begin(), makers.end(),
                       [](const auto* a, const auto* b) { return a->variants.size() > b->variants.size(); });
      std::string list;
      for (const ComponentSpec* const maker : makers)
        list += (list.empty() ? "" : maker == makers.back() ? conjunction : ", ") + maker->title;
      text.replace(at, end + 1 - at, list);
    }
  }
  return text;
}

const ParameterSpec& Specs::run_setting(std::string_view name) const {
  for (const ParameterSpec& setting : run_settings_)
    if (setting.name == name) return setting;
  throw std::logic_error("there is no run setting '" + std::string(name) + "'");
}

std::vector<const ParameterSpec*> Specs::run_settings_of(const ComponentSpec& component) const {
  std::vector<const ParameterSpec*> settings;
  for (const ParameterSpec& setting : run_settings_) {
    if (component.distributed || !setting.distributed) settings.push_back(&setting);
  }
  return settings;
}

}  // namespace torchport::runtime
