// torchport reference
#include "runtime/cli/reference_pages.h"

#include "runtime/cli/call.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/schema.h"

namespace torchport::component {

int reference(runtime::Call& call) {
  const std::filesystem::path folder = call.arguments().operands[0];
  const runtime::Specs& specs = runtime::Specs::get();
  runtime::write_file_atomically(folder / "commands.md", commands_page(runtime::command_specs()));
  runtime::write_file_atomically(folder / "components.md", components_page(specs));
  runtime::write_file_atomically(folder / "computes.md", computes_page(runtime::engine_specs()));
  runtime::write_file_atomically(folder / "error-codes.md", runtime::error_codes_page());
  runtime::write_file_atomically(folder / "pipeline.schema.json", pipeline_schema(specs));
  return 0;
}

}  // namespace torchport::component
