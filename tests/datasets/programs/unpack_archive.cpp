// unpack_archive ARCHIVE FOLDER: unpacks as Convert to Image Directory does, and prints the number of files or the error.
#include <cstdio>

#include "datasets/sources/archive.h"
#include "runtime/error/error.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    std::printf("%llu\n", static_cast<unsigned long long>(torchport::datasets::unpack(argv[1], argv[2])));
  } catch (const torchport::runtime::Error& error) {
    std::printf("%s\n", error.what());
    return error.exit_status();
  }
}
