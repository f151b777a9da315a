// Boxes are known by the labels of their components, ports by theirs with _ for blanks. Values of parameters are not in the file.
#include "runtime/azure/graph.h"

#include <algorithm>

#include "runtime/azure/component.h"

namespace torchport::runtime::azure {
namespace {

struct Box {
  std::string id, label, name;
  YAML::Node key, node;
  const ComponentSpec* component = nullptr;
};

std::string label_of(const YAML::Node& box) {
  for (const char* const map : {"validate", "module"})
    for (const char* const key : {"module_name", "name"})
      if (box[map] && box[map].IsMap() && box[map][key] && box[map][key].IsScalar()) return box[map][key].Scalar();
  return "";
}

const PortSpec* port_of(const std::vector<PortSpec>& ports, const std::string& label) {
  const auto found =
      std::find_if(ports.begin(), ports.end(), [&](const PortSpec& port) { return bare(port.title) == bare(label); });
  return found == ports.end() ? nullptr : &*found;
}

class GraphReader {
 public:
  GraphReader(std::shared_ptr<FileFaults> faults, const ImportOptions& options, Draft& draft)
      : faults_(std::move(faults)), options_(options), draft_(draft) {}

  void read(const YAML::Node& pipeline) {
    const YAML::Node steps = pipeline["steps"];
    if (!faults_->expect_map(steps, "steps")) return;
    for (const auto& entry : steps) add_box(entry.first, entry.second);
    for (const Box& box : boxes_) read_outputs(box);
    for (const Box& box : boxes_)
      if (box.component) read_box(box, pipeline["data_references"]);
    draft_.note(faults_->place(steps),
                "a graph has no values of parameters: those of the designer's registered components are taken; --set "
                "STEP.NAME=VALUE gives others");
  }

 private:
  struct Source {
    const Box* box = nullptr;
    std::string output;
  };

  void add_box(const YAML::Node& key, const YAML::Node& node) {
    if (!faults_->expect_map(node, "the step " + key.Scalar())) return;
    Box box{key.Scalar(), label_of(node), "", key, node, nullptr};
    for (const ComponentSpec& component : Specs::get().components())
      if (component.original && bare(component.title) == bare(box.label)) box.component = &component;
    const std::string base = box.component ? box.component->name : as_name(box.label.empty() ? box.id : box.label);
    box.name = base;
    const auto taken = [&] {
      return std::any_of(boxes_.begin(), boxes_.end(), [&](const Box& one) { return one.name == box.name; });
    };
    for (int number = 2; taken(); ++number) box.name = base + "_" + std::to_string(number);
    if (const auto replacement = options_.replace.find(box.name); replacement != options_.replace.end())
      box.component = &Specs::get().component(replacement->second);
    if (!box.component) {
      draft_.left_out.push_back(box.name);
      draft_.note(faults_->place(key), box.name + ": '" + box.label +
                                           "' is no component of torchport, and the step is left out: --replace " + box.name +
                                           "=COMPONENT puts one in its place");
    }
    for (const auto& entry : node)
      if (const std::string known = entry.first.Scalar();
          known != "inputs" && known != "outputs" && known != "module" && known != "validate")
        draft_.ignore(faults_->place(entry.first), box.name, known, "of a box its label and its wires are read");
    boxes_.push_back(std::move(box));
  }

  void read_outputs(const Box& box) {
    const YAML::Node outputs = box.node["outputs"];
    if (!outputs || !outputs.IsMap()) return;
    for (const auto& output : outputs)
      if (output.second.IsMap() && output.second["destination"])
        sources_[faults_->scalar(output.second["destination"], "the destination")] = {&box, output.first.Scalar()};
  }

  void read_box(const Box& box, const YAML::Node& data) {
    DraftStep step{box.name, faults_->place(box.key), box.component, {}, {}, {}};
    const YAML::Node inputs = box.node["inputs"];
    if (inputs && inputs.IsMap())
      for (const auto& input : inputs) {
        const YAML::Node source = input.second.IsMap() ? input.second["source"] : YAML::Node();
        if (!source || source.IsNull()) continue;
        const PortSpec* const port = port_of(box.component->inputs, input.first.Scalar());
        if (port) {
          step.inputs.push_back({port->name, wire(box, source, data), faults_->place(source)});
        } else {
          draft_.note(faults_->place(input.first), box.name + ": its port " + input.first.Scalar() + " is none of " +
                                                       box.component->name + ", and its wire is left out");
        }
      }
    for (const std::string& name : box.component->original ? box.component->original->required : std::vector<std::string>())
      draft_.note(step.place, box.name + ": " + name +
                                  " has no default in the designer: " + box.component->parameter(name)->default_or_none() +
                                  " here; --set " + box.name + "." + name + "=VALUE gives another");
    draft_.steps.push_back(std::move(step));
  }

  std::string wire(const Box& box, const YAML::Node& node, const YAML::Node& data) {
    const std::string source = faults_->scalar(node, "the source");
    const std::string place = faults_->place(node);
    const auto found = sources_.find(source);
    if (found == sources_.end()) {
      const bool known = data && data.IsMap() && data[source] && data[source].IsMap() && data[source]["path_on_datastore"];
      const std::string input = draft_.input(source, "", inputs_.emplace(source, place).first->second);
      draft_.note(place, box.name + ": the dataset " + source +
                             (known ? " (" + data[source]["path_on_datastore"].Scalar() + ")" : "") +
                             " is in the cloud: give its path, --set " + input + "=PATH");
      return input;
    }
    const Box& from = *found->second.box;
    const PortSpec* port = from.component ? port_of(from.component->outputs, found->second.output) : nullptr;
    if (from.component && !port && from.component->outputs.size() == 1) port = &from.component->outputs.front();
    if (port) return from.name + "." + port->name;
    const std::string input = draft_.input(from.name + "_" + found->second.output, "", place);
    draft_.note(place,
                box.name + ": an input comes from " + from.name + ", which is left out: give its path, --set " + input + "=PATH");
    return input;
  }

  std::shared_ptr<FileFaults> faults_;
  const ImportOptions& options_;
  Draft& draft_;
  std::vector<Box> boxes_;
  std::map<std::string, Source> sources_;
  std::map<std::string, std::string> inputs_;  ///< where a dataset stands first
};

}  // namespace

void read_graph(const YAML::Node& root, std::shared_ptr<FileFaults> faults, const ImportOptions& options, Draft& draft) {
  const YAML::Node pipeline = root["pipeline"] && root["pipeline"].IsMap() ? root["pipeline"] : root;
  const YAML::Node name = pipeline["name"];
  draft.name = as_name(name && name.IsScalar() && !name.Scalar().empty() ? name.Scalar() : faults->file().stem().string());
  GraphReader(std::move(faults), options, draft).read(pipeline);
}

}  // namespace torchport::runtime::azure
