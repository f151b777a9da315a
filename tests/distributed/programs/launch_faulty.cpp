// Launches `WORKER run train_pytorch_model FLAGS` as `torchport run` does, without checking the inputs. Driven by launch_test.py.
// usage: launch_faulty WORKER FLAGS
#include <iostream>

#include "runtime/launch/launch.h"

using namespace torchport::runtime;

int main(int argc, char** argv) {
  Problems problems;
  const Request request = parse_request(Specs::get().component("train_pytorch_model"), {argv + 2, argv + argc}, problems);
  try {
    return launch(request, argv[1], {});
  } catch (const Error& error) {
    std::cerr << error.render("train_pytorch_model");
    return error.exit_status();
  } catch (const Errors& errors) {
    for (const Error& error : errors.all()) std::cerr << error.render("train_pytorch_model");
    return errors.all().front().exit_status();
  }
}
