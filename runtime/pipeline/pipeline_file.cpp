#include "runtime/pipeline/pipeline_file.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

/// The pipeline that a file of Azure ML describes.
Pipeline read_import(const std::string& text, azure::FileKind kind, const fs::path& file, const std::vector<Setting>& settings,
                     const azure::ImportOptions& options, Problems& problems) {
  Problems mine;
  const azure::Draft draft = azure::import_pipeline(text, kind, file, options, mine);
  Pipeline pipeline;
  pipeline.file = file;
  if (mine.empty()) {
    azure::DraftText made = draft.written(file, file.parent_path());
    pipeline = read_pipeline_text(std::move(made.text), file, settings, mine, std::move(made.origins));
  }
  for (const Error& error : mine.all()) problems.add(error);
  draft.note_in(pipeline);
  return pipeline;
}

}  // namespace

Pipeline read_pipeline(const fs::path& file, const std::vector<Setting>& settings, Problems& problems,
                       const azure::ImportOptions& options) {
  Pipeline unread;
  unread.file = file;
  std::string text;
  azure::FileKind kind = azure::FileKind::other;
  const auto read = [&] {
    text = azure::text_of_file(file);
    kind = azure::kind_of(text, file);
  };
  if (!problems.collect(read)) return unread;
  if (kind != azure::FileKind::other) return read_import(text, kind, file, settings, options, problems);
  if (!options.replace.empty() || options.as_original) problems.add(Error("ParameterParsing.no_import"));
  return read_pipeline_text(std::move(text), file, settings, problems);
}

}  // namespace torchport::runtime
