#include "runtime/pipeline/picture.h"

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/launch/process.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/run.h"
#include "runtime/text/text.h"
#include "runtime/text/xml.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxPicture = std::size_t{256} << 20;

using nlohmann::json;

constexpr std::size_t kLongestValue = 40;  ///< characters of a value in a box

/// The end of a long one, which tells most of a path.
std::string shortened(const std::string& text) {
  std::size_t letters = display_width(text), begin = 0;
  if (letters <= kLongestValue) return text;
  for (; letters > kLongestValue; --letters) begin += std::max<std::size_t>(1, printable_length(text, begin));
  return "..." + text.substr(begin);
}

const std::map<std::string, std::string>& colours() {
  static const std::map<std::string, std::string> table = {{"done", "#c8e6c9"},    {"reused", "#bbdefb"},  {"failed", "#ffcdd2"},
                                                           {"running", "#fff59d"}, {"stopped", "#ffe0b2"}, {"waiting", "#eeeeee"}};
  return table;
}

/// One row of ports; the name of a cell is what a wire is tied to.
std::string port_row(const std::vector<PortSpec>& ports, const std::string& side) {
  if (ports.empty()) return "";
  std::string cells;
  for (const PortSpec& port : ports)
    cells += "<TD PORT=\"" + side + port.name + "\" BORDER=\"1\" BGCOLOR=\"white\" TITLE=\"" +
             xml_escaped(port.title + ": " + port.type + (port.optional ? ", optional" : "")) +
             "\" HREF=\"#\"><FONT POINT-SIZE=\"9\">" + xml_escaped(port.name) + "<BR/><I>" + xml_escaped(port.type) +
             "</I></FONT></TD>";
  return "<TR><TD><TABLE BORDER=\"0\" CELLSPACING=\"2\" CELLPADDING=\"3\"><TR>" + cells + "</TR></TABLE></TD></TR>";
}

std::string box(const Step& step, const json& record) {
  const std::string state = text_of(record, "state");
  const auto colour = colours().find(state);
  std::string lines = "<B>" + xml_escaped(step.name) + "</B><BR/>" + xml_escaped(step.component->title);
  if (!state.empty()) {
    const auto seconds = record.find("seconds");
    lines += "<BR/><FONT POINT-SIZE=\"9\">" + xml_escaped(state) +
             (seconds != record.end() && seconds->is_number() ? ", " + duration_text(seconds->get<double>()) : "") + "</FONT>";
  }
  for (const auto* values : {&step.parameters, &step.run_settings})
    for (const StepValue& value : *values)
      if (value.origin != "default")
        lines += "<BR/><FONT POINT-SIZE=\"9\" COLOR=\"#555555\">" + xml_escaped(value.spec->name + " = " + shortened(value.text)) +
                 "</FONT>";
  return "<TABLE BORDER=\"1\" STYLE=\"ROUNDED\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"4\" BGCOLOR=\"" +
         (colour == colours().end() ? std::string("#f5f5f5") : colour->second) + "\">" + port_row(step.component->inputs, "in_") +
         "<TR><TD>" + lines + "</TD></TR>" + port_row(step.component->outputs, "out_") + "</TABLE>";
}

std::string page(const Pipeline& pipeline, const json& record, const std::string& svg) {
  std::string legend;
  if (!record.is_null())
    for (const auto& [state, colour] : colours()) legend += "<span style=\"background:" + colour + "\">" + state + "</span>\n";
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + xml_escaped(pipeline.name) +
         "</title>\n<style>body{font-family:sans-serif;margin:1em}span{padding:.2em .6em;border-radius:.3em}"
         "svg{max-width:100%;height:auto}</style>\n</head>\n<body>\n<h1>" +
         xml_escaped(pipeline.name) + "</h1>\n" + legend + svg + "</body>\n</html>\n";
}

/// Two files beside the target, which go whatever happens.
struct Scratch {
  fs::path dot, svg;
  ~Scratch() {
    std::error_code ignored;
    fs::remove(dot, ignored);
    fs::remove(svg, ignored);
  }
};

std::string lay_out(const std::string& dot, const fs::path& target) {
  const std::string name = "." + target.filename().string() + "." + random_suffix();
  const Scratch scratch{target.parent_path() / (name + ".dot"), target.parent_path() / (name + ".svg")};
  write_file_atomically(scratch.dot, dot);
  std::string words;
  const ChildEnd end =
      run_child({"dot", "-Tsvg", "-o", scratch.svg.string(), scratch.dot.string()}, [&](std::string_view text) { words += text; });
  if (!end.start_error.empty()) throw Error("FailedToCompleteOperation.no_dot", {{"reason", end.start_error}});
  if (end.exit_status != 0 || end.signal != 0)
    throw Error("FailedToCompleteOperation.dot", {{"status", std::to_string(end.exit_status + end.signal)}, {"reason", words}});
  return read_file(scratch.svg, kMaxPicture);
}

/// Without what comes before it in a file.
std::string element_of(std::string svg) {
  if (const std::size_t begin = svg.find("<svg"); begin != svg.npos) svg.erase(0, begin);
  return svg;
}

}  // namespace

std::string svg_text(const Pipeline& pipeline, const json& record, const fs::path& target) {
  return element_of(lay_out(dot_text(pipeline, record), target));
}

std::string dot_text(const Pipeline& pipeline, const json& record) {
  std::string nodes, edges;
  std::map<std::string, std::string> sources;
  for (const Step& step : pipeline.steps) {
    nodes += "  \"" + step.name + "\" [id=\"step-" + step.name + "\", label=<" +
             box(step, map_of(map_of(record, "steps"), step.name)) + ">];\n";
    for (const StepInput& input : step.inputs) {
      std::string from;
      if (input.is_wire()) {
        from = "\"" + input.step + "\":\"out_" + input.output + "\":s";
      } else {
        const auto [source, fresh] = sources.emplace(input.path.string(), "source" + std::to_string(sources.size()));
        if (fresh)
          nodes += "  \"" + source->second + " \" [shape=folder, style=filled, fillcolor=white, label=<" +
                   xml_escaped(shortened(input.path.string())) + ">];\n";
        from = "\"" + source->second + " \"";  // the blank keeps it apart from any step
      }
      edges += "  " + from + " -> \"" + step.name + "\":\"in_" + input.port->name + "\":n;\n";
    }
  }
  return "digraph \"" + pipeline.name +
         "\" {\n  rankdir=TB;\n  node [shape=plain, fontname=\"Helvetica\", fontsize=11];\n"
         "  edge [arrowsize=0.6, color=\"#555555\"];\n" +
         nodes + edges + "}\n";
}

void write_picture(const Pipeline& pipeline, const json& record, const fs::path& target) {
  if (const fs::path form = target.extension(); form != ".html" && form != ".svg" && form != ".dot")
    throw Error("ParameterParsing.picture", {{"path", target.string()}});
  const std::string dot = dot_text(pipeline, record);
  if (target.extension() == ".dot") return write_file_atomically(target, dot);
  std::string svg = lay_out(dot, target);
  if (target.extension() == ".svg") return write_file_atomically(target, svg);
  write_file_atomically(target, page(pipeline, record, element_of(std::move(svg))));
}

}  // namespace torchport::runtime
