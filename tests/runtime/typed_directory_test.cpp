#include "runtime/files/typed_directory.h"

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using torchport::runtime::DirectoryMeta;
using torchport::runtime::Error;
using torchport::runtime::read_meta;
using torchport::runtime::write_file_atomically;
using torchport::test::TemporaryFolder;

TEST_CASE("directory meta: scalars are read, other entries passed over", "[files]") {
  const DirectoryMeta meta = read_meta(torchport::test::original("image_directory_labelled"), "InvalidDataset", "training dataset");
  CHECK(meta.type == "ImageDirectory");
  CHECK(meta.get("image_list") == "images.lst");
  CHECK(meta.get("extension").empty());
}

TEST_CASE("directory meta: each fault has its sentence", "[files]") {
  const TemporaryFolder folder;
  const auto text = [&](const char* name) {
    try {
      read_meta(folder / name, "InvalidModelDirectory", "untrained model");
    } catch (const Error& error) {
      return error.class_name() + ": " + error.what();
    }
    return std::string("none");
  };
  CHECK(text("absent") == "InvalidModelDirectoryError: the untrained model does not exist");
  write_file_atomically(folder / "file", "x");
  CHECK(text("file") == "InvalidModelDirectoryError: the untrained model is a file, not a model directory");
  fs::create_directory(folder / "dir");
  CHECK(text("dir") == "InvalidModelDirectoryError: the untrained model is an empty folder");
  write_file_atomically(folder / "dir" / "other", "x");
  CHECK(text("dir") == "InvalidModelDirectoryError: the untrained model has no _meta.yaml");
  const std::string broken = "InvalidModelDirectoryError: the untrained model has a broken _meta.yaml: ";
  write_file_atomically(folder / "dir" / "_meta.yaml", "- a\n- b\n");
  CHECK(text("dir") == broken + "it is not a list of keys and values");
  write_file_atomically(folder / "dir" / "_meta.yaml", "type: A\ntype: B\n");
  CHECK(text("dir") == broken + "line 2, column 1: the key 'type' is given twice");
  write_file_atomically(folder / "dir" / "_meta.yaml", std::string((1 << 20) + 1, '#'));
  CHECK(text("dir") == broken + "larger than 1048576 bytes");
  fs::remove(folder / "dir" / "_meta.yaml");
  fs::create_directory(folder / "dir" / "_meta.yaml");
  CHECK(text("dir") == broken + "not a regular file");
}
