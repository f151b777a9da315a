#include "datasets/tables/table_writer.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include "runtime/text/python_json.h"
#include "runtime/version.h"

namespace torchport::datasets {
namespace {

using Json = nlohmann::ordered_json;

// The form of the metadata below, stated as the version of pandas that defined it; pandas reads it to restore types and index.
constexpr const char* kPandasForm = "1.5.3";

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error("Parquet: " + status.ToString());
}

/// Hands Arrow's bytes to our writer. Its errors pass through Arrow as a status, and are thrown again behind it.
class Stream : public arrow::io::OutputStream {
 public:
  explicit Stream(runtime::FileWriter& out) : out_(out) {}
  arrow::Status Write(const void* data, std::int64_t bytes) override {
    try {
      out_.write(data, static_cast<std::size_t>(bytes));
    } catch (...) {
      fault_ = std::current_exception();
      return arrow::Status::IOError("not written");
    }
    place_ += bytes;
    return arrow::Status::OK();
  }
  using OutputStream::Write;
  arrow::Result<std::int64_t> Tell() const override { return place_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  void rethrow() const {
    if (fault_) std::rethrow_exception(fault_);
  }

 private:
  runtime::FileWriter& out_;
  std::int64_t place_ = 0;
  bool closed_ = false;
  std::exception_ptr fault_;
};

struct ArrayOf {
  std::shared_ptr<arrow::Array> operator()(const std::vector<std::int64_t>& values) const {
    return std::make_shared<arrow::Int64Array>(static_cast<std::int64_t>(values.size()), arrow::Buffer::Wrap(values));
  }
  std::shared_ptr<arrow::Array> operator()(const std::vector<double>& values) const {
    return std::make_shared<arrow::DoubleArray>(static_cast<std::int64_t>(values.size()), arrow::Buffer::Wrap(values));
  }
  std::shared_ptr<arrow::Array> operator()(const std::vector<std::string>& values) const {
    arrow::StringBuilder builder(arrow::system_memory_pool());
    check(builder.AppendValues(values));
    std::shared_ptr<arrow::Array> array;
    check(builder.Finish(&array));
    return array;
  }
};

std::string pandas_metadata(const DataFrame& frame) {
  constexpr std::array<std::pair<const char*, const char*>, 3> kTypes = {
      {{"int64", "int64"}, {"float64", "float64"}, {"unicode", "object"}}};
  Json columns = Json::array();
  for (const Column& column : frame.columns) {
    const auto& [pandas_type, numpy_type] = kTypes[column.values.index()];
    columns.push_back({{"name", column.name},
                       {"field_name", column.name},
                       {"pandas_type", pandas_type},
                       {"numpy_type", numpy_type},
                       {"metadata", nullptr}});
  }
  return Json{{"index_columns", Json::array()},
              {"column_indexes", Json::array()},
              {"columns", columns},
              {"creator", {{"library", "torchport"}, {"version", runtime::version()}}},
              {"pandas_version", kPandasForm}}
      .dump(-1, ' ', true);
}

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

struct Cell {
  std::size_t row;
  std::string operator()(const std::vector<std::int64_t>& values) const { return std::to_string(values[row]); }
  std::string operator()(const std::vector<double>& values) const { return runtime::python_float(values[row]); }
  std::string operator()(const std::vector<std::string>& values) const { return field(values[row]); }
};

}  // namespace

void write_parquet(const DataFrame& frame, runtime::FileWriter& out) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Column& column : frame.columns) {
    arrays.push_back(std::visit(ArrayOf{}, column.values));
    fields.push_back(arrow::field(column.name, arrays.back()->type()));
  }
  const auto metadata = arrow::key_value_metadata({"pandas"}, {pandas_metadata(frame)});
  const auto table = arrow::Table::Make(arrow::schema(std::move(fields), metadata), arrays, static_cast<std::int64_t>(frame.rows));
  const auto properties = parquet::WriterProperties::Builder()
                              .memory_pool(arrow::system_memory_pool())
                              ->compression(arrow::Compression::SNAPPY)
                              ->build();
  const auto stored = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  const auto stream = std::make_shared<Stream>(out);
  const arrow::Status status = parquet::arrow::WriteTable(*table, arrow::system_memory_pool(), stream,
                                                          parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, properties, stored);
  stream->rethrow();
  check(status);
}

std::string csv_text(const DataFrame& frame) {
  std::string text;
  for (const Column& column : frame.columns) text += (text.empty() ? "" : ",") + field(column.name);
  text += '\n';
  for (std::size_t row = 0; row < frame.rows; ++row) {
    for (std::size_t c = 0; c < frame.columns.size(); ++c) {
      if (c > 0) text += ',';
      text += std::visit(Cell{row}, frame.columns[c].values);
    }
    text += '\n';
  }
  return text;
}

}  // namespace torchport::datasets
