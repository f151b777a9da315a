// Every range edge and bad value of the parameters that the original takes (docs/contract.md, "Train PyTorch Model").
#include "runtime/request/request.h"

#include <limits>

#include "runtime/text/text.h"
#include "tests/support/catch.h"

namespace torchport::runtime {
namespace {

using Words = std::vector<std::string>;

const Words kPorts = {"--untrained-model-path", "m", "--train-data-path",    "t",
                      "--valid-data-path",      "v", "--trained-model-path", "o"};

struct Parsed {
  Request request;
  std::string errors;  // as rendered, without the hints
  int first_exit = 0;
};

Parsed parse(const std::string& component, const Words& arguments, bool hints = true) {
  Problems problems;
  Parsed parsed{parse_request(Specs::get().component(component), arguments, problems), "", 0};
  for (const Error& error : problems.all()) parsed.errors += hints ? error.render("c") : std::string(error.what()) + "\n";
  if (!problems.empty()) parsed.first_exit = problems.all().front().exit_status();
  return parsed;
}

Parsed train(Words extra, bool hints = true) {
  extra.insert(extra.begin(), kPorts.begin(), kPorts.end());
  return parse("train_pytorch_model", extra, hints);
}

}  // namespace

TEST_CASE("request: without flags the page's defaults hold", "[request]") {
  const Request request = train({}).request;
  CHECK(train({}).errors.empty());
  CHECK(request.get<std::int64_t>("epochs") == 5);
  CHECK(request.get<std::int64_t>("batch_size") == 16);
  CHECK(request.get<std::int64_t>("num_warmup_steps") == 0);
  CHECK(request.get<double>("learning_rate") == 0.001);
  CHECK(request.get<std::int64_t>("random_seed") == 1);
  CHECK(request.get<std::int64_t>("patience") == 3);
  CHECK(request.get<std::int64_t>("print_freq") == 10);
  CHECK(request.setting<std::int64_t>("node_count") == 1);
  CHECK(request.setting<std::int64_t>("process_count_per_node") == 1);
  CHECK(request.parameters.at("epochs").origin == "default");
  CHECK_FALSE(request.has_setting("run_dir"));
  CHECK(request.inputs.at("training_dataset") == "t");
  CHECK(request.outputs.at("trained_model") == "o");
}

TEST_CASE("request: an optional port may be absent, and then has no path", "[request]") {
  const Specs specs =
      Specs::parse({{"spec/types.yaml", "types:\n  AnyPath: {directory: null, error: InvalidDataset, description: d}\n"},
                    {"spec/run_settings.yaml", "run_settings: {}\n"},
                    {"spec/components/blur.yaml", R"(
name: blur
title: Blur
category: c
launch: single
summary: s
description: d
example: e
inputs:
  images: {type: AnyPath, flag: images, title: Images, help: h}
  mask: {type: AnyPath, flag: mask, title: Mask, help: h, optional: true}
outputs:
  blurred: {type: AnyPath, flag: blurred, title: Blurred images, help: h}
  report: {type: AnyPath, flag: report, title: Report, help: h, optional: true}
)"}});
  const auto faults = [&](const Words& words, Request& request) {
    Problems problems;
    request = parse_request(specs.component("blur"), words, problems);
    std::string text;
    for (const Error& error : problems.all()) text += std::string(error.what()) + "\n";
    return text;
  };
  Request request;
  CHECK(faults({"--images=i", "--blurred=b"}, request).empty());
  CHECK(request.inputs.size() == 1);
  CHECK(request.outputs.size() == 1);
  CHECK(faults({"--images=i", "--blurred=b", "--mask=m", "--report=r"}, request).empty());
  CHECK(request.inputs.at("mask") == "m");
  CHECK(request.outputs.at("report") == "r");
  CHECK(faults({"--mask="}, request) ==
        "--mask has no value\n--images is missing (images)\n--blurred is missing (blurred images)\n");
}

TEST_CASE("request: flags take both forms, and dashes and underscores alike", "[request]") {
  const Parsed parsed =
      train({"--epochs=7", "--batch_size", "4", "--learning_rate=1e-2", "--random-seed", "-5", "--run_dir=runs/a=b"});
  CHECK(parsed.errors.empty());
  CHECK(parsed.request.get<std::int64_t>("epochs") == 7);
  CHECK(parsed.request.get<std::int64_t>("batch_size") == 4);
  CHECK(parsed.request.get<double>("learning_rate") == 0.01);
  CHECK(parsed.request.get<std::int64_t>("random_seed") == -5);
  CHECK(parsed.request.setting<std::string>("run_dir") == "runs/a=b");
  CHECK(parsed.request.parameters.at("epochs").origin == "command line");
  CHECK(parsed.request.arguments.size() == kPorts.size() + 7);
}

TEST_CASE("request: legal edges of numbers are taken", "[request]") {
  CHECK(train({"--epochs=1"}).request.get<std::int64_t>("epochs") == 1);
  CHECK(train({"--epochs=99999999999"}).request.get<std::int64_t>("epochs") == 99999999999);
  CHECK(train({"--num-warmup-steps=0"}).errors.empty());
  CHECK(train({"--learning-rate=5e-324"}).request.get<double>("learning_rate") == std::numeric_limits<double>::denorm_min());
  CHECK(train({"--learning-rate=4.9e-324"}).errors.empty());
  CHECK(train({"--random-seed=-9223372036854775808"}).request.get<std::int64_t>("random_seed") ==
        std::numeric_limits<std::int64_t>::min());
  CHECK(train({"--random-seed=9223372036854775807"}).request.get<std::int64_t>("random_seed") ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(train({"--max-bad-fraction=0"}).errors.empty());
  CHECK(train({"--max-bad-fraction=1"}).errors.empty());
}

TEST_CASE("request: a value beyond its range is refused with value, range and default", "[request]") {
  const auto [argument, text] = GENERATE(table<std::string, std::string>({
      {"--epochs=0", "error[GreaterThanError] c: --epochs is 0, but must be greater than 0\n  hint   Allowed: > 0; default: 5.\n"},
      {"--epochs=-1",
       "error[GreaterThanError] c: --epochs is -1, but must be greater than 0\n  hint   Allowed: > 0; default: 5.\n"},
      {"--batch-size=0",
       "error[GreaterThanError] c: --batch-size is 0, but must be greater than 0\n  hint   Allowed: > 0; default: 16.\n"},
      {"--num-warmup-steps=-1",
       "error[GreaterThanOrEqualToError] c: --num-warmup-steps is -1, but must be at least 0\n  hint   Allowed: >= 0; default: "
       "0.\n"},
      {"--learning-rate=0",
       "error[GreaterThanOrEqualToError] c: --learning-rate is 0, but must be at least 4.9e-324\n"
       "  hint   Allowed: >= 4.9e-324; default: 0.001.\n"},
      {"--learning-rate=-0.1",
       "error[GreaterThanOrEqualToError] c: --learning-rate is -0.1, but must be at least 4.9e-324\n"
       "  hint   Allowed: >= 4.9e-324; default: 0.001.\n"},
      {"--learning-rate=nan",
       "error[NaNError] c: --learning-rate is not a number (nan)\n  hint   Allowed: >= 4.9e-324; default: 0.001.\n"},
      {"--learning-rate=inf",
       "error[InfinityError] c: --learning-rate is infinite (inf)\n  hint   Allowed: >= 4.9e-324; default: 0.001.\n"},
      {"--learning-rate=-inf",
       "error[InfinityError] c: --learning-rate is infinite (-inf)\n  hint   Allowed: >= 4.9e-324; default: 0.001.\n"},
      {"--patience=0",
       "error[GreaterThanError] c: --patience is 0, but must be greater than 0\n  hint   Allowed: > 0; default: 3.\n"},
      {"--print-freq=0",
       "error[GreaterThanError] c: --print-freq is 0, but must be greater than 0\n  hint   Allowed: > 0; default: 10.\n"},
      {"--max-bad-fraction=1.1",
       "error[NotInRangeValueError] c: --max-bad-fraction is 1.1, which is outside of [0, 1]\n  hint   Default: 0.0.\n"},
      {"--node-count=0",
       "error[GreaterThanOrEqualToError] c: --node-count is 0, but must be at least 1\n  hint   Allowed: >= 1; default: 1.\n"},
      {"--process-count-per-node=0",
       "error[GreaterThanOrEqualToError] c: --process-count-per-node is 0, but must be at least 1\n  hint   Allowed: >= 1; "
       "default: 1.\n"},
  }));
  const Parsed parsed = train({argument});
  CHECK(parsed.errors == text);
  CHECK(parsed.first_exit == 2);
}

TEST_CASE("request: only plain decimal integers are integers", "[request]") {
  const auto value =
      GENERATE("010", "0x10", "1e3", "5.0", "\"5\"", "5 ", " 5", "+5", "five", "--", "-", "1_000", "0b1", "00", "-01", "５");
  CHECK(train({std::string("--epochs=") + value}).errors == std::string("error[ParameterParsingError] c: --epochs is '") + value +
                                                                "', which is not a decimal whole number\n"
                                                                "  hint   Allowed: > 0; default: 5.\n");
}

TEST_CASE("request: a number that 64 bits cannot hold is refused, not rounded", "[request]") {
  const auto [argument, text] = GENERATE(table<std::string, std::string>({
      {"--random-seed=9223372036854775808", "--random-seed is '9223372036854775808', which does not fit into 64 bits\n"},
      {"--random-seed=-9223372036854775809", "--random-seed is '-9223372036854775809', which does not fit into 64 bits\n"},
      {"--epochs=99999999999999999999", "--epochs is '99999999999999999999', which does not fit into 64 bits\n"},
      {"--learning-rate=1e-400", "--learning-rate is '1e-400', which does not fit into 64 bits\n"},
      {"--learning-rate=1e400", "--learning-rate is '1e400', which does not fit into 64 bits\n"},
  }));
  CHECK(train({argument}, false).errors == text);
}

TEST_CASE("request: only what from_chars reads whole is a float", "[request]") {
  const auto value = GENERATE("0,1", "0.1x", ".inf", "0x1p-3", "", "1e", "+0.1", "0.1 ");
  const std::string text = value;
  CHECK(train({"--learning-rate", text}).errors == "error[ParameterParsingError] c: --learning-rate is '" + text +
                                                       "', which is not a decimal number\n"
                                                       "  hint   Allowed: >= 4.9e-324; default: 0.001.\n");
}

TEST_CASE("request: booleans are True or False, and a bare flag is True", "[request]") {
  const auto pretrained = [](const Words& words) {
    Words all = {"--untrained_model_path=m"};
    all.insert(all.end(), words.begin(), words.end());
    return parse("resnet", all).request.get<bool>("pretrained");
  };
  CHECK(pretrained({}));
  CHECK_FALSE(pretrained({"--pretrained=False"}));
  CHECK_FALSE(pretrained({"--pretrained", "false"}));
  CHECK(pretrained({"--pretrained=true"}));
  CHECK(parse("resnet", {"--untrained_model_path=m", "--zero-init-residual"}).request.get<bool>("zero_init_residual"));
  CHECK(train({"--allow-run-as-root", "--epochs=2"}).request.setting<bool>("allow_run_as_root"));
  const auto value =
      GENERATE("FALSE", "TRUE", "yes", "no", "None", "", "1x", "0x1", "nan", "inf", "\"True\"", "'False'", " 1", "1e999");
  CHECK(parse("resnet", {"--untrained_model_path=m", "--pretrained", value}).errors ==
        std::string("error[ParameterParsingError] c: --pretrained is '") + value +
            "', which is neither True nor False\n  hint   Allowed: True, False; default: True.\n");
}

TEST_CASE("request: a number is True unless it is 0, as for the original, and small letters are taken as meant, with a note") {
  const auto notes = [](const Request& request) {
    std::string text;
    for (const ValueNote& note : request.notes) text += (note.warning ? "warning " : "") + note.text + "\n";
    return text;
  };
  const auto [argument, value, note] = GENERATE(table<std::string, bool, std::string>({
      {"--center_crop=224", true,
       "--center_crop is 224, which is taken as True: of a number only 0 is False; the number itself is not used\n"},
      {"--center_crop=1", true, "--center_crop is 1, which is taken as True: of a number only 0 is False\n"},
      {"--center_crop=0", false, "--center_crop is 0, which is taken as False: of a number only 0 is False\n"},
      {"--center_crop=-0.0", false, "--center_crop is -0.0, which is taken as False: of a number only 0 is False\n"},
      {"--center_crop=1e-300", true,
       "--center_crop is 1e-300, which is taken as True: of a number only 0 is False; the number itself is not used\n"},
      {"--center_crop=false", false,
       "--center_crop is false in small letters, which is taken as False; the original took it as True\n"},
      {"--center_crop=true", true, ""},
      {"--center_crop=False", false, ""},
  }));
  const Request request = parse("init_image_transformation", {"--output_path=x", argument}).request;
  CHECK(request.get<bool>("center_crop") == value);
  CHECK(notes(request) == note);
  CHECK(notes(parse("init_image_transformation", {"--output_path=x", "--random_erasing=false"}).request).empty());
}

TEST_CASE("request: a size is one length or height and width, within its range each") {
  const auto init = [](const std::string& size) {
    return parse("init_image_transformation", {"--output_path=x", "--size", size}, false);
  };
  CHECK(init("48").request.get<Lengths>("size") == Lengths{48});
  CHECK(init("[48]").request.get<Lengths>("size") == Lengths{48});
  CHECK(init("[48, 64]").request.get<Lengths>("size") == Lengths{48, 64});
  CHECK(init("[48,64]").request.get<Lengths>("size") == Lengths{48, 64});
  CHECK(parse("init_image_transformation", {"--output_path=x"}).request.get<Lengths>("size") == Lengths{256});
  CHECK(init("0").errors == "--size is 0, which is outside of [1, 65535]\n");
  CHECK(init("[48, 65536]").errors == "--size is 65536, which is outside of [1, 65535]\n");
  CHECK(init("99999999999999999999").errors == "--size is '99999999999999999999', which does not fit into 64 bits\n");
  const std::string bad = GENERATE("48, 64", "[48, 64, 3]", "[]", "[", "48.5", "(48, 64)", "[48; 64]", "4 8", "x");
  CHECK(init(bad).errors == "--size is '" + bad + "', which is neither a whole number nor [height, width]\n");
}

TEST_CASE("request: degrees may have a fraction, and a value that the designer did not take is a warning") {
  const Request turned = parse("init_image_transformation", {"--output_path=x", "--random_rotation_degrees=30.5"}).request;
  CHECK(turned.get<double>("random_rotation_degrees") == 30.5);
  const Request fast = train({"--learning-rate=2.5"}).request;
  REQUIRE(fast.notes.size() == 1);
  CHECK(fast.notes[0].warning);
  CHECK(fast.notes[0].text == "--learning-rate is 2.5, which the designer did not take: its range is <= 2.0");
  CHECK(fast.get<double>("learning_rate") == 2.5);
  for (const char* const learning_rate : {"--learning-rate=2.0", "--learning-rate=5e-324"})
    CHECK(train({learning_rate}).request.notes.empty());
}

TEST_CASE("request: an unknown choice names the nearest and all of them", "[request]") {
  CHECK(train({"--keep=lasst"}).errors ==
        "error[ParameterParsingError] c: --keep is 'lasst', which is not one of its values\n"
        "  hint   Did you mean last? Its values are: best, last.\n");
  const Parsed parsed = parse("densenet", {"--untrained_model_path=m", "--model_name=densenet120"});
  CHECK(parsed.errors ==
        "error[InvalidModelDirectoryError] c: unknown model name 'densenet120'\n"
        "  hint   Did you mean densenet121? Known names: densenet121, densenet161, densenet169, densenet201.\n");
  CHECK(parsed.first_exit == 3);
}

TEST_CASE("request: unknown flags are refused, beginnings of flags too", "[request]") {
  const auto [argument, text] = GENERATE(table<std::string, std::string>({
      {"--epoch=5", "unknown flag --epoch\n"},
      {"--epoch", "unknown flag --epoch\n"},
      {"--batch", "unknown flag --batch\n"},
      {"--momentum=0.9", "unknown flag --momentum\n"},
      {"--=5", "unknown flag --\n"},
      {"stray", "unexpected argument 'stray'\n"},
      {"-e", "unexpected argument '-e'\n"},
      {"", "unexpected argument ''\n"},
  }));
  Words words = kPorts;
  words.insert(words.begin(), argument);
  CHECK(parse("train_pytorch_model", words, false).errors == text);
  CHECK(train({"--epoch", "5"}).errors ==
        "error[ParameterParsingError] c: unknown flag --epoch\n"
        "  hint   Did you mean --epochs? torchport run train_pytorch_model --help lists the flags.\n");
  CHECK(train({"--momentum", "0.9"}).errors ==
        "error[ParameterParsingError] c: unknown flag --momentum\n"
        "  hint   torchport run train_pytorch_model --help lists the flags.\n");
}

TEST_CASE("request: every fault of a command line is reported in one go", "[request]") {
  CHECK(parse("train_pytorch_model",
              {"--epochs", "0", "--epochs=3", "--batch-size", "--learning-rate=", "--patince", "3", "--train-data-path", "", "4",
               "--keep=all"},
              false)
            .errors ==
        "--epochs is 0, but must be greater than 0\n"
        "--epochs is given twice\n"
        "--batch-size has no value\n"
        "--learning-rate has no value\n"
        "unknown flag --patince\n"
        "--train-data-path is missing (training dataset)\n"
        "unexpected argument '4'\n"
        "--keep is 'all', which is not one of its values\n"
        "--untrained-model-path is missing (untrained model)\n"
        "--valid-data-path is missing (validation dataset)\n"
        "--trained-model-path is missing (trained model)\n");
}

TEST_CASE("request: run settings of distributed components are unknown to others", "[request]") {
  CHECK(parse("resnet", {"--untrained_model_path=m", "--node-count=2"}, false).errors == "unknown flag --node-count\n");
  CHECK(parse("resnet", {"--untrained_model_path=m", "--run-dir=r"}).errors.empty());
  CHECK(parse("resnet", {"--untrained_model_path=m", "--run-dir", ""}, false).errors ==
        "--run-dir is missing or empty (Run folder)\n");
}

TEST_CASE("request: a name or type that the spec lacks is a bug of ours", "[request]") {
  const Request request = train({}).request;
  CHECK_THROWS_WITH(request.get<std::int64_t>("epoch"), "the request has no value 'epoch'");
  CHECK_THROWS_WITH(request.get<double>("epochs"), "the value 'epochs' is of another type");
}

TEST_CASE("request: an unknown component names the nearest", "[request]") {
  try {
    Specs::get().component("resnets");
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.render("torchport") ==
          "error[ParameterParsingError] torchport: unknown component 'resnets'\n"
          "  hint   Did you mean resnet? torchport list shows the components.\n");
  }
}

}  // namespace torchport::runtime
