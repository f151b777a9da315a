#include "runtime/report/run_record.h"

#include "runtime/files/files.h"
#include "runtime/report/error_info.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::Error;
using torchport::runtime::error_info;
using torchport::runtime::Problems;
using torchport::runtime::read_file;
using torchport::runtime::RunRecord;
using torchport::runtime::write_file_atomically;
using torchport::test::TemporaryFolder;

TEST_CASE("run record: values with their origin, versions and the inputs' SHA-256", "[record]") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "m/image");
  write_file_atomically(folder / "m/model", "abc");
  write_file_atomically(folder / "m/image/0.png", "not hashed");
  setenv("TORCHPORT_CANARY", "secret-canary", 1);
  Problems problems;
  const auto& component = torchport::runtime::Specs::get().component("train_pytorch_model");
  const auto request =
      torchport::runtime::parse_request(component, {"--untrained-model-path", (folder / "m").string(), "--epochs=3"}, problems);
  RunRecord record(request, 2);
  record.set_version("libtorch", "2.11.0");
  record.set("kept_epoch", 3);
  record.hash_input("untrained_model", folder / "m");
  record.hash_input("training_dataset", folder / "absent");
  std::filesystem::create_directories(folder / "raw");
  write_file_atomically(folder / "raw/1.jpg", "abc");
  write_file_atomically(folder / "raw/0.tar", "");
  std::filesystem::resize_file(folder / "raw/0.tar", std::uintmax_t{3} << 30);  // all of it a hole
  record.hash_input("validation_dataset", folder / "raw");
  record.save(folder.path());
  const std::string text = read_file(folder / "run.json", 1 << 30);
  CHECK(text.find("secret-canary") == text.npos);
  const auto json = nlohmann::json::parse(text);
  CHECK(json["component"] == "train_pytorch_model");
  CHECK(json["command"][2] == "train_pytorch_model");
  CHECK(json["command"][5] == "--epochs=3");
  CHECK(json["parameters"]["epochs"] == nlohmann::json{{"value", 3}, {"origin", "command line"}});
  CHECK(json["parameters"]["batch_size"] == nlohmann::json{{"value", 16}, {"origin", "default"}});
  CHECK(json["parameters"]["learning_rate"]["value"] == 0.001);
  CHECK(json["run_settings"]["process_count_per_node"]["value"] == 1);
  CHECK(json["inputs"]["untrained_model"]["path"] == (folder / "m").string());
  CHECK(json["inputs"]["untrained_model"]["sha256"] ==
        nlohmann::json{{"model", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}});
  CHECK(json["inputs"]["training_dataset"]["sha256"].empty());
  CHECK_FALSE(json["inputs"]["untrained_model"].contains("not_hashed"));
  CHECK(json["inputs"]["validation_dataset"]["sha256"] ==
        nlohmann::json{{"1.jpg", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}});
  CHECK(json["inputs"]["validation_dataset"]["not_hashed"] == 1);
  CHECK(json["versions"]["libtorch"] == "2.11.0");
  CHECK(json["world_size"] == 2);
  CHECK(json["kept_epoch"] == 3);
}

TEST_CASE("error_info: a good end", "[record]") { CHECK(error_info({}) == "{\n  \"Exception\": null\n}"); }

TEST_CASE("error_info: an error in the designer's form", "[record]") {
  CHECK(error_info({Error("NotLabeledDataset.unlabelled", {{"what", "training dataset"}})}) == R"({
  "Exception": {
    "ErrorId": "NotLabeledDataset",
    "ErrorCode": 24,
    "ExceptionType": "ModuleException",
    "Traceback": "",
    "Message": "NotLabeledDataset: the training dataset is not labelled. Put the images into one folder for each category and use Convert to Image Directory."
  }
})");
  const auto bug = nlohmann::json::parse(error_info({torchport::runtime::as_bug(std::runtime_error("x"))}))["Exception"];
  CHECK(bug["ErrorId"] == "std::runtime_error");
  CHECK(bug["ErrorCode"] == 1000);
  CHECK(bug["ExceptionType"] == "LibraryException");
  CHECK_THAT(bug["Message"].get<std::string>(), Catch::Matchers::StartsWith("Library Error - std::runtime_error: x"));
}

TEST_CASE("error_info: a long message is cut", "[record]") {
  const auto info = nlohmann::json::parse(error_info({Error("AlreadyExists.output", {{"path", std::string(20000, 'x')}})}));
  CHECK(info["Exception"]["Message"].get<std::string>().size() == 4096);
}
