// Files of Azure ML as pipelines: a pipeline job of its command line (CLI v2) or the graph of a designer's run, known by their
// content. Called by `torchport import`, and by the reader of pipeline files for `torchport run FILE` and the others.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "runtime/azure/draft.h"
#include "runtime/error/error.h"

namespace torchport::runtime::azure {

struct ImportOptions {
  std::map<std::string, std::string> replace;  ///< --replace: names of our components by names of steps
  bool as_original = false;                    ///< --as-original: values that make the result the original's
  bool one_machine = false;                    ///< the machines of a step are processes of this one
};

/// --replace STEP=COMPONENT; faults go into `problems`.
ImportOptions import_options(const std::vector<std::string>& replace, bool as_original, Problems& problems);

enum class FileKind { pipeline_job, graph, other };

/// The text of a file that may be one of Azure ML. \throws Error CouldNotOpenFile.file; of a notebook, which may be too large to be
/// read, FileParsingFailed.not_a_pipeline
std::string text_of_file(const std::filesystem::path& file);

/// What a text is by its content; a text that is no YAML is `other`. What is known but cannot be a pipeline, such as a component, a
/// notebook or a program, is refused, and so is a job that is no YAML. \throws Error FileParsingFailed.not_a_pipeline, .azure
FileKind kind_of(const std::string& text, const std::filesystem::path& file);

/// Whether a text that is `other` is a pipeline of torchport.
bool is_own_pipeline(const std::string& text);

/// The pipeline that a file of Azure ML describes, with notes on all that differs. Faults go into `problems`; what comes back then
/// is not to be used.
Draft import_pipeline(const std::string& text, FileKind kind, const std::filesystem::path& file, const ImportOptions& options,
                      Problems& problems);

}  // namespace torchport::runtime::azure
