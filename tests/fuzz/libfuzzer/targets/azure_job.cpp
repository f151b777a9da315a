// A pipeline job of Azure ML and the component that it names: the first byte says which of them the others are.
#include "runtime/pipeline/pipeline_file.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

namespace {

constexpr const char* kModule = "azureml.designer.modules.computer_vision.preprocess.split_image_directory.split_image_directory";

std::string component() {
  return std::string(
             "inputs: {i: {type: uri_folder}, f: {type: number, default: 0.5}}\noutputs: {a: {}, b: {}}\ncommand: python -m ") +
         kModule +
         " --src-path ${{inputs.i}} --fraction ${{inputs.f}} --tgt-train-path ${{outputs.a}} --tgt-test-path ${{outputs.b}}\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const fuzz::Folder folder("azure_job");
  const std::string_view text = fuzz::text(data + 1, size - 1);
  const bool whole = data[0] % 2 == 0;
  folder.write(
      "job.yml",
      whole ? text : "inputs: {f: 0.25}\njobs:\n  x: {component: ./c.yml, inputs: {i: ./p, f: \"${{parent.inputs.f}}\"}}\n");
  static const std::string sound = component();
  folder.write("c.yml", whole ? std::string_view(sound) : text);
  return fuzz::read_or_refuse([&] {
    runtime::Problems problems;
    runtime::azure::ImportOptions options;
    options.as_original = data[0] % 4 < 2;
    runtime::read_pipeline(folder.path / "job.yml", {}, problems, options);
  });
}
