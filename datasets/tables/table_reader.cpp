// Reading tables through Arrow. Files come from anywhere: their sizes are bounded before and while they are read, and every array
// is validated before a value of it is touched.
#include "datasets/tables/table_reader.h"

#include <arrow/array.h>
#include <arrow/csv/options.h>
#include <arrow/csv/reader.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/util/utf8.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include "runtime/files/files.h"
#include "runtime/text/encoding.h"

namespace torchport::datasets {
namespace {

constexpr std::string_view kParquetMagic = "PAR1";
constexpr std::int64_t kArrowBytes = std::int64_t{64} << 20;  ///< of Arrow's memory beside what the values may take

[[noreturn]] void too_large(const TableBudget& budget) {
  throw std::runtime_error("its values take more than " + std::to_string(budget.given) + " bytes");
}

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

template <class T>
T checked(arrow::Result<T> result) {
  check(result.status());
  return std::move(result).ValueUnsafe();
}

/// Copies Arrow's columns out, within the budget: a short file may hold one long text a million times.
class Columns {
 public:
  /// \throws std::runtime_error before anything is decoded, where even the shortest values are too many
  Columns(std::int64_t rows, std::int64_t columns, TableBudget& budget) : rows_(rows), budget_(budget) {
    if (rows < 0 || columns < 0 || (columns > 0 && rows > budget.cells / columns)) {
      throw std::runtime_error("it has " + std::to_string(rows) + " rows and " + std::to_string(columns) + " columns, more than " +
                               std::to_string(TableBudget{}.cells) + " cells in the whole table");
    }
    if (static_cast<std::size_t>(rows * columns) > budget.bytes / sizeof(double)) too_large(budget);
    budget.cells -= rows * columns;
  }

  void add(const std::string& name, const arrow::ChunkedArray& data) {
    if (!arrow::util::ValidateUTF8(name)) {
      throw std::runtime_error("the name of column " + std::to_string(frame_.columns.size() + 1) + " is not UTF-8");
    }
    check(data.ValidateFull());
    if (data.length() != rows_) {
      throw std::runtime_error("the column '" + name + "' has " + std::to_string(data.length()) + " rows, not " +
                               std::to_string(rows_));
    }
    if (frame_.find(name) != nullptr) throw std::runtime_error("the column '" + name + "' is there twice");
    Column column{name, {}, {}};
    if (data.null_count() > 0) {
      column.fault = "row " + std::to_string(first_null(data) + 1) + " has no value";
    } else if (!copy(data, column.values)) {
      column.fault = "its type is " + data.type()->ToString();
    }
    frame_.columns.push_back(std::move(column));
  }

  DataFrame frame() && {
    frame_.rows = static_cast<std::size_t>(rows_);
    return std::move(frame_);
  }

 private:
  static std::int64_t first_null(const arrow::ChunkedArray& data) {
    std::int64_t row = 0;
    for (const auto& chunk : data.chunks()) {
      for (std::int64_t i = 0; i < chunk->length(); ++i, ++row) {
        if (chunk->IsNull(i)) return row;
      }
    }
    return row;
  }

  /// Whether the type is one of ours.
  bool copy(const arrow::ChunkedArray& data, Column::Values& values) {
    using Type = arrow::Type;
    switch (data.type()->id()) {
      case Type::INT64:
        return copy_as<arrow::Int64Array, std::int64_t>(data, values);
      case Type::INT32:
        return copy_as<arrow::Int32Array, std::int64_t>(data, values);
      case Type::DOUBLE:
        return copy_as<arrow::DoubleArray, double>(data, values);
      case Type::FLOAT:
        return copy_as<arrow::FloatArray, double>(data, values);
      case Type::STRING:
        return copy_as<arrow::StringArray, std::string>(data, values);
      case Type::LARGE_STRING:
        return copy_as<arrow::LargeStringArray, std::string>(data, values);
      case Type::DICTIONARY:
        return copy_categories(data, values);
      default:
        return false;
    }
  }

  template <class Array, class Value>
  bool copy_as(const arrow::ChunkedArray& data, Column::Values& values) {
    auto& out = values.emplace<std::vector<Value>>();
    out.reserve(static_cast<std::size_t>(data.length()));
    for (const auto& chunk : data.chunks()) {
      const auto& array = static_cast<const Array&>(*chunk);
      for (std::int64_t i = 0; i < array.length(); ++i) push(out, array.GetView(i));
    }
    return true;
  }

  bool copy_categories(const arrow::ChunkedArray& data, Column::Values& values) {
    auto& out = values.emplace<std::vector<std::string>>();
    for (const auto& chunk : data.chunks()) {
      const auto& array = static_cast<const arrow::DictionaryArray&>(*chunk);
      const auto* const texts = dynamic_cast<const arrow::StringArray*>(array.dictionary().get());
      const auto* const large = dynamic_cast<const arrow::LargeStringArray*>(array.dictionary().get());
      if ((!texts && !large) || array.dictionary()->null_count() > 0) return false;
      for (std::int64_t i = 0; i < array.length(); ++i) {
        const std::int64_t at = array.GetValueIndex(i);
        push(out, texts ? texts->GetView(at) : large->GetView(at));
      }
    }
    return true;
  }

  template <class Value, class View>
  void push(std::vector<Value>& out, View view) {
    std::size_t bytes = sizeof(Value);
    if constexpr (std::is_same_v<Value, std::string>) bytes += view.size();
    if (bytes > budget_.bytes) too_large(budget_);
    budget_.bytes -= bytes;
    out.emplace_back(view);
  }

  std::int64_t rows_;
  TableBudget& budget_;
  DataFrame frame_;
};

/// The file, read as Arrow asks for it; its size adds to the budget.
std::shared_ptr<arrow::io::ReadableFile> opened(const std::filesystem::path& file, TableBudget& budget) {
  auto input = checked(arrow::io::ReadableFile::Open(runtime::open_regular_file(file), arrow::system_memory_pool()));
  const auto size = static_cast<std::size_t>(checked(input->GetSize()));
  const std::size_t room = TableBudget::kMostBytes - std::min(TableBudget::kMostBytes, budget.given);
  const std::size_t more = std::min(room, std::min(size, room) * TableBudget::kBytesForEachByte);
  budget.bytes += more;
  budget.given += more;
  return input;
}

}  // namespace

DataFrame read_parquet(const std::filesystem::path& file, TableBudget& budget) {
  if (runtime::read_head(file, kParquetMagic.size()) != kParquetMagic)
    throw std::runtime_error("it is not a Parquet file; a CSV file has the extension csv");
  const auto input = opened(file, budget);
  arrow::CappedMemoryPool pool(arrow::system_memory_pool(), static_cast<std::int64_t>(budget.bytes) + kArrowBytes);
  try {
    parquet::ReaderProperties properties(&pool);
    properties.set_page_checksum_verification(true);
    parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(input, properties));
    const auto metadata = builder.raw_reader()->metadata();
    Columns columns(metadata->num_rows(), metadata->num_columns(), budget);
    parquet::ArrowReaderProperties decoding(/*use_threads=*/false);
    for (int i = 0; i < metadata->num_columns(); ++i) {
      // A text of a dictionary stays there once, however many rows have it.
      if (metadata->schema()->Column(i)->logical_type()->is_string()) decoding.set_read_dictionary(i, true);
    }
    const auto reader = checked(builder.memory_pool(&pool)->properties(decoding)->Build());
    std::shared_ptr<arrow::Schema> schema;
    check(reader->GetSchema(&schema));
    for (int i = 0; i < schema->num_fields(); ++i) {
      std::shared_ptr<arrow::ChunkedArray> data;
      const arrow::Status status = reader->ReadColumn(i, &data);
      if (status.IsOutOfMemory()) too_large(budget);
      check(status);
      columns.add(schema->field(i)->name(), *data);
    }
    return std::move(columns).frame();
  } catch (const parquet::ParquetException& error) {
    throw std::runtime_error(error.what());
  }
}

DataFrame read_csv(const std::filesystem::path& file, const std::set<std::string>& texts, TableBudget& budget) {
  const std::string head = runtime::read_head(file, 4);
  if (const char* const fault = runtime::other_encoding(head)) throw std::runtime_error(std::string("it ") + fault);
  const auto input = opened(file, budget);
  arrow::CappedMemoryPool pool(arrow::system_memory_pool(), static_cast<std::int64_t>(budget.bytes) + kArrowBytes);
  auto read = arrow::csv::ReadOptions::Defaults();
  read.use_threads = false;
  auto parse = arrow::csv::ParseOptions::Defaults();
  parse.newlines_in_values = true;
  auto convert = arrow::csv::ConvertOptions::Defaults();
  for (const std::string& name : texts) convert.column_types[name] = arrow::utf8();
  const auto reader = checked(arrow::csv::TableReader::Make(arrow::io::IOContext(&pool), input, read, parse, convert));
  const auto result = reader->Read();
  if (result.status().IsOutOfMemory()) too_large(budget);
  const auto table = checked(result);
  Columns columns(table->num_rows(), table->num_columns(), budget);
  for (int i = 0; i < table->num_columns(); ++i) columns.add(table->field(i)->name(), *table->column(i));
  return std::move(columns).frame();
}

}  // namespace torchport::datasets
