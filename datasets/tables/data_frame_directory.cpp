#include "datasets/tables/data_frame_directory.h"

#include "datasets/tables/data_frame_form.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/typed_directory.h"
#include "runtime/text/lower.h"

namespace torchport::datasets {
namespace fs = std::filesystem;

class DataFrameDirectoryReader {
 public:
  DataFrameDirectoryReader(const fs::path& root, std::string_view what) {
    directory_.root_ = root;
    directory_.what_ = what;
  }

  DataFrameDirectory read() {
    const fs::path& root = directory_.root_;
    std::error_code none;
    if (fs::is_regular_file(root, none)) {
      take_files({root});
    } else if (fs::exists(fs::symlink_status(root / "_meta.yaml", none)) || !take_files(table_files(root))) {
      read_metadata();  // refuses a folder without
    }
    return std::move(directory_);
  }

 private:
  runtime::Error fault(const std::string& reason, runtime::Fields fields = {}) const {
    fields.merge(runtime::Fields{{"what", directory_.what_}, {"path", directory_.root_.string()}});
    return runtime::Error("NotScoredDataset." + reason, std::move(fields));
  }

  /// ".csv" also of T.CSV, as other systems write it.
  static std::string kind_of(const fs::path& file) { return runtime::lower(file.extension().string()); }

  /// The table files of a folder: all its Parquet files, or else its CSV files.
  static std::vector<fs::path> table_files(const fs::path& path) {
    std::map<std::string, std::vector<fs::path>> found;
    std::error_code ignored;
    for (fs::directory_iterator entry(path, ignored), end; entry != end; entry.increment(ignored))
      found[kind_of(entry->path())].push_back(entry->path());
    auto& files = found[".parquet"].empty() ? found[".csv"] : found[".parquet"];
    std::sort(files.begin(), files.end());
    return files;
  }

  /// Whether there are any.
  bool take_files(std::vector<fs::path> files) {
    if (files.empty()) return false;
    directory_.format_ = kind_of(files.front()) == ".csv" ? TableFormat::csv : TableFormat::parquet;
    directory_.files_ = std::move(files);
    return true;
  }

  void read_metadata() {
    const runtime::DirectoryMeta meta = runtime::read_meta(directory_.root_, "NotScoredDataset", directory_.what_);
    if (meta.type != "DataFrameDirectory")
      throw fault("wrong_type", {{"found", meta.type.empty() ? "none" : meta.type}, {"wanted", "DataFrameDirectory"}});
    if (!meta.get("schema").empty()) read_schema(meta.get("schema"));
    const std::string format = meta.get("format");
    if (format != "Parquet" && format != "Csv")
      throw fault("broken_meta", {{"reason", "its format is '" + format + "', neither Parquet nor Csv"}});
    try {
      const fs::path data = runtime::resolve_inside(directory_.root_, meta.get("data"));
      if (!take_files(fs::is_directory(data) ? table_files(data) : std::vector{data}))
        throw std::runtime_error("it holds no table");
    } catch (const std::exception& error) {
      throw fault("broken_meta", {{"reason", "its data '" + meta.get("data") + "': " + error.what()}});
    }
    directory_.format_ = format == "Csv" ? TableFormat::csv : TableFormat::parquet;
  }

  void read_schema(const std::string& name) {
    try {
      directory_.schema_ = parse_table_schema(runtime::read_file(runtime::resolve_inside(directory_.root_, name), kMaxSchema));
    } catch (const std::runtime_error& error) {
      throw fault("broken_schema", {{"reason", "'" + name + "': " + error.what()}});
    }
  }

  static constexpr std::size_t kMaxSchema = std::size_t{64} << 20;
  DataFrameDirectory directory_;
};

DataFrameDirectory DataFrameDirectory::open(const fs::path& root, std::string_view what) {
  return DataFrameDirectoryReader(root, what).read();
}

}  // namespace torchport::datasets
