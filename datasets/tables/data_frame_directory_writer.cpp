#include "datasets/tables/data_frame_form.h"
#include "datasets/tables/table_files.h"

namespace torchport::datasets {

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
