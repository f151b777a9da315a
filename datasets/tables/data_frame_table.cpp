#include "datasets/tables/data_frame_table.h"

#include "datasets/tables/data_frame_form.h"
#include "datasets/tables/table_reader.h"
#include "datasets/tables/table_writer.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
namespace {

/// Adds the rows of another part, which must have the same columns.
void append(DataFrame& frame, DataFrame part) {
  const auto same = [](const Column& a, const Column& b) { return a.name == b.name && a.values.index() == b.values.index(); };
  if (!std::equal(frame.columns.begin(), frame.columns.end(), part.columns.begin(), part.columns.end(), same))
    throw std::runtime_error("its columns are not those of the first file");
  for (std::size_t i = 0; i < frame.columns.size(); ++i) {
    Column& column = frame.columns[i];
    if (column.fault.empty()) column.fault = part.columns[i].fault;
    std::visit(
        [&](auto& values) {
          auto& more = std::get<std::decay_t<decltype(values)>>(part.columns[i].values);
          values.insert(values.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
        },
        column.values);
  }
  frame.rows += part.rows;
}

}  // namespace

DataFrame read_table(const DataFrameDirectory& directory, std::set<std::string> texts) {
  if (directory.schema()) texts = directory.schema()->texts;
  DataFrame frame;
  TableBudget budget;
  for (const auto& file : directory.files()) {
    try {
      DataFrame part = directory.format() == TableFormat::csv ? read_csv(file, texts, budget) : read_parquet(file, budget);
      if (&file == &directory.files().front()) {
        frame = std::move(part);
      } else {
        append(frame, std::move(part));
      }
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {  // whatever Arrow makes of damage
      throw runtime::Error("NotScoredDataset.broken_table", {{"what", directory.what()},
                                                             {"path", directory.root().string()},
                                                             {"reason", "'" + file.filename().string() + "': " + error.what()}});
    }
  }
  return frame;
}

void write_data_frame_directory(runtime::OutputDirectory& output, const DataFrame& frame, const ColumnRoles& roles,
                                TableFormat format) {
  const bool parquet = format == TableFormat::parquet;
  const std::string data = parquet ? "_data.parquet" : "_data.csv";
  if (parquet) {
    runtime::FileWriter file(output.path(data));
    write_parquet(frame, file);
    file.close();  // publish() flushes all files at once
  } else {
    output.write(data, csv_text(frame));
  }
  output.write("schema/_schema.json", table_schema_text(frame, roles));
  output.write("_samples.json", table_samples_text(frame));
  output.write("_data.visualization", visualization_text(frame, roles));
  output.publish(
      "type: DataFrameDirectory\nvisualization:\n- type: Visualization\n  path: _data.visualization\nextension: {}\nformat: " +
      std::string(parquet ? "Parquet" : "Csv") + "\ndata: " + data + "\nsamples: _samples.json\nschema: schema/_schema.json\n");
}

}  // namespace torchport::datasets
