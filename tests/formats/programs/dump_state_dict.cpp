// dump_state_dict list|bytes|rewrite|check FILE [any]: what our reader makes of a state dict file, for Python tests to compare with
// torch. With `any` the file may be of any form of weights, else it must be of that of the `model` file.
// Of several state dicts in a file, the one that is probably meant.
//   list     one line per tensor: key, dtype, shape, tab-separated
//   bytes    the elements of all tensors, row-major, one after the other
//   rewrite  the file that our writer makes of them
//   check    nothing but this program's peak memory in kB, also where the file is refused
// Exits with 3 and the reason on stderr where the file is refused.
#include <cstdio>
#include <fstream>
#include <span>

#include "models/weights/state_dict_file.h"
#include "models/weights/state_dict_writer.h"

using namespace torchport::models;

namespace {

void put(const void* data, std::size_t size) { std::fwrite(data, 1, size, stdout); }

std::span<const TensorEntry> entries(const StateDictFile& file) {
  const StateDictPart& part = file.parts().front();
  return std::span(file.entries()).subspan(part.first, part.count);
}

void list(const StateDictFile& file) {
  for (const auto& entry : entries(file)) {
    std::string shape;
    for (const auto size : entry.shape) shape += (shape.empty() ? "" : "x") + std::to_string(size);
    std::printf("%s\t%s\t%s\n", entry.key.c_str(), std::string(name(entry.dtype)).c_str(),
                shape.empty() ? "scalar" : shape.c_str());
  }
}

std::vector<std::vector<char>> contents(const StateDictFile& file) {
  std::vector<std::vector<char>> all;
  const StateDictPart& part = file.parts().front();
  for (std::size_t i = part.first; i < part.first + part.count; ++i) {
    all.emplace_back(file.entries()[i].bytes());
    if (const void* const elements = file.in_place(i)) {
      std::memcpy(all.back().data(), elements, all.back().size());
    } else {
      file.copy_to(i, all.back().data());
    }
  }
  return all;
}

/// The high-water mark since exec; getrusage() would count what the parent held when it forked.
void print_peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) std::printf("%lld\n", std::stoll(line.substr(6)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool any = argc == 4 && argv[3] == std::string("any");
  const std::string mode = argc == 3 || any ? argv[1] : "";
  try {
    const auto file =
        StateDictFile::open(mode.empty() ? "" : argv[2], any ? StateDictFile::Form::any : StateDictFile::Form::model_file);
    if (mode == "list") {
      list(file);
    } else if (mode == "bytes") {
      for (const auto& bytes : contents(file)) put(bytes.data(), bytes.size());
    } else if (mode == "rewrite") {
      const auto all = contents(file);
      std::vector<TensorView> views;
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& entry = entries(file)[i];
        views.push_back({entry.key, entry.dtype, entry.shape, all[i].data()});
      }
      write_state_dict(views, put);
    } else if (mode == "check") {
      print_peak_memory();
    } else {
      return 2;
    }
  } catch (const StateDictError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    if (mode == "check") print_peak_memory();
    return 3;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
