// A pipeline as a picture, like the designer's canvas: boxes with input ports above and output ports below, coloured by state.
// Graphviz lays it out. Called by `torchport graph` and by the
// report of a run.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "runtime/pipeline/pipeline.h"

namespace torchport::runtime {

/// The picture in Graphviz's language. `record` is the pipeline.json of a run, or null.
std::string dot_text(const Pipeline& pipeline, const nlohmann::json& record);

/// The picture as an svg element; files of Graphviz's lie beside `target` for a moment.
/// \throws Error FailedToCompleteOperation.no_dot or .dot, FailedToWriteOutputs
std::string svg_text(const Pipeline& pipeline, const nlohmann::json& record, const std::filesystem::path& target);

/// Writes `target` as its extension says: .dot, .svg, or .html, a page that needs nothing else.
/// \throws Error ParameterParsing.picture, FailedToCompleteOperation.no_dot or .dot, FailedToWriteOutputs
void write_picture(const Pipeline& pipeline, const nlohmann::json& record, const std::filesystem::path& target);

}  // namespace torchport::runtime
