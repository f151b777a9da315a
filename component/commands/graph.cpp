// torchport graph
#include "component/check.h"
#include "runtime/cli/call.h"
#include "runtime/pipeline/checked_plan.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/picture.h"

namespace torchport::component {

int graph(runtime::Call& call) {
  call.names_pipeline();
  const runtime::Arguments given = call.arguments();
  runtime::Problems problems;
  const runtime::Pipeline pipeline = pipeline_of(given, problems);  // a picture needs no inputs
  problems.throw_if_any();
  nlohmann::json record;
  if (given.has("run")) {
    const std::filesystem::path folder = given.get<std::string>("run");
    try {
      record = runtime::read_record(folder);
    } catch (const std::exception&) {
      throw runtime::Error("ParameterParsing.no_run", {{"path", folder.string()}});
    }
  }
  write_picture(pipeline, record, given.get<std::string>("output"));
  return 0;
}

}  // namespace torchport::component
