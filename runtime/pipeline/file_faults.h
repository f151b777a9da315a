// A YAML file while it is read: what is wrong with it becomes an error with its place. Used by the readers of pipeline files and of
// what is imported as one.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/text/yaml.h"

namespace torchport::runtime {

/// "Did you mean resnet18? ", or nothing where no name is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

class FileFaults {
 public:
  /// `origins` are the places that lines of a generated text stand for; a line without one stands for the file.
  FileFaults(std::filesystem::path file, Problems& problems, std::vector<std::string> origins = {});
  /// Of a file of another system: its unclear parts are told as `key` has it.
  FileFaults(std::filesystem::path file, Problems& problems, const char* key) : FileFaults(std::move(file), problems) {
    unclear_ = key;
  }

  /// "pipeline.yaml:12:15"
  std::string place(const YAML::Node& node) const;
  void add(const Error& error, const std::string& where) { problems_.add(error.at(where)); }
  void add(const YAML::Node& node, const char* key, Fields fields) { add(Error(key, std::move(fields)), place(node)); }
  /// FileParsingFailed.pipeline, or what the constructor got.
  void unclear(const YAML::Node& node, const std::string& reason);

  bool expect_map(const YAML::Node& node, const std::string& what);
  /// A text or a number; "" where it is neither, which is reported.
  std::string scalar(const YAML::Node& node, const std::string& what);
  YAML::Node required(const YAML::Node& map, const std::string& key, const std::string& what);
  /// Refuses keys that are not known.
  void keys(const YAML::Node& map, const std::string& what, const std::vector<std::string>& known);

  const std::filesystem::path& file() const { return file_; }
  Problems& problems() { return problems_; }

 private:
  std::filesystem::path file_;
  Problems& problems_;
  std::vector<std::string> origins_;
  const char* unclear_ = "FileParsingFailed.pipeline";
};

}  // namespace torchport::runtime
