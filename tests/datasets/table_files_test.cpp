// Reading and writing tables. That pandas and pyarrow read what is written is shown by tests/component/score_test.py.
#include "datasets/tables/table_reader.h"

#include "datasets/tables/table_writer.h"

#include <random>

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using datasets::DataFrame;

namespace {

std::filesystem::path written(const test::TemporaryFolder& folder, const std::string& name, std::string_view bytes) {
  runtime::write_file_atomically(folder / name, bytes);
  return folder / name;
}

/// "table", or why there is none.
std::string outcome(const std::function<DataFrame()>& read) {
  try {
    read();
    return "table";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

DataFrame read_parquet(const std::filesystem::path& file) {
  datasets::TableBudget budget;
  return datasets::read_parquet(file, budget);
}

DataFrame read_csv(const std::filesystem::path& file, const std::set<std::string>& texts = {}) {
  datasets::TableBudget budget;
  return datasets::read_csv(file, texts, budget);
}

template <class Value>
std::vector<Value> values(const DataFrame& frame, const std::string& name) {
  return std::get<std::vector<Value>>(frame.find(name)->values);
}

}  // namespace

TEST_CASE("tables: the original's Parquet file has the values of its samples") {
  const DataFrame frame = read_parquet(test::original("scored_valid/_data.parquet"));
  const auto samples = nlohmann::json::parse(runtime::read_file(test::original("scored_valid/_samples.json"), 1 << 30));
  REQUIRE(frame.rows == 24);
  REQUIRE(frame.columns.size() == samples[0].size());
  for (std::size_t row = 0; row < samples.size(); ++row) {
    CHECK(values<std::string>(frame, "category")[row] == samples[row]["category"]);
    CHECK(values<std::int64_t>(frame, "id")[row] == samples[row]["id"]);
    CHECK(values<double>(frame, "Scored Probabilities_square")[row] == samples[row]["Scored Probabilities_square"]);
    CHECK(values<std::string>(frame, "Scored Labels")[row] == samples[row]["Scored Labels"]);
  }
}

TEST_CASE("tables: a damaged or cut Parquet file is refused with a reason or read, and nothing else happens") {
  const test::TemporaryFolder folder;
  const std::string whole = runtime::read_file(test::original("scored_valid/_data.parquet"), 1 << 30);
  std::mt19937 random(1);
  std::size_t refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = whole;
    if (i % 5 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      for (int k = 0; k <= i % 3; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto file = written(folder, "t", bytes);
    const std::string said = outcome([&] { return read_parquet(file); });
    CHECK_FALSE(said.empty());
    refused += said != "table";
  }
  CHECK(refused > 500);
}

TEST_CASE("tables: what is no regular file is refused without waiting") {
  CHECK(outcome([] { return read_parquet("/dev/zero"); }) == "not a regular file");
  CHECK(outcome([] { return read_csv("/nowhere"); }) == "No such file or directory");
}

TEST_CASE("tables: CSV is quoted where needed, and read as it was meant") {
  const test::TemporaryFolder folder;
  const DataFrame frame{{{"name, of \"it\"", std::vector<std::string>{"a,b", "say \"x\"", "two\nlines", "", " 7"}, ""},
                         {"n", std::vector<std::int64_t>{-1, 0, 9007199254740993, 3, 4}, ""},
                         {"p", std::vector<double>{0.1, 1e-7, 1.0, 0.3029361069202423, 0}, ""}},
                        5};
  const std::string text = datasets::csv_text(frame);
  CHECK(text ==
        "\"name, of \"\"it\"\"\",n,p\n\"a,b\",-1,0.1\n\"say "
        "\"\"x\"\"\",0,1e-07\n\"two\nlines\",9007199254740993,1.0\n,3,0.3029361069202423\n"
        " 7,4,0.0\n");
  const DataFrame back = read_csv(written(folder, "t.csv", text), {"name, of \"it\""});
  for (const auto& column : frame.columns) CHECK(back.find(column.name)->values == column.values);
}

TEST_CASE("tables: a cell of a CSV file that is missing or empty is a fault of its column or of the file") {
  const test::TemporaryFolder folder;
  const DataFrame frame = read_csv(written(folder, "t.csv", "a,b\nx,1\ny,\n"), {"a"});
  CHECK(frame.find("b")->fault == "row 2 has no value");
  CHECK(outcome([&] { return read_csv(written(folder, "u.csv", "a,b\nx\n")); }).find("Expected 2 columns, got 1") !=
        std::string::npos);
  CHECK(outcome([&] { return read_csv(written(folder, "v.csv", "a,a\nx,y\n")); }) == "the column 'a' is there twice");
}

TEST_CASE("tables: all files of a table share one bound of cells and of bytes") {
  const auto file = test::original("scored_valid/_data.parquet");
  datasets::TableBudget budget{24 * 6 * 2, std::size_t{1} << 20};
  datasets::read_parquet(file, budget);
  datasets::read_parquet(file, budget);
  CHECK(outcome([&] { return datasets::read_parquet(file, budget); }).starts_with("it has 24 rows and 6 columns, more than "));
}

TEST_CASE("tables: a short file does not unfold to more than its size can need") {
  const test::TemporaryFolder folder;
  const DataFrame frame{{{"t", std::vector<std::string>(20'000, std::string(1000, 'x')), ""}}, 20'000};
  {
    runtime::FileWriter file(folder / "t");
    datasets::write_parquet(frame, file);
    file.close();
  }
  REQUIRE(std::filesystem::file_size(folder / "t") < 10'000);
  CHECK(values<std::string>(read_parquet(folder / "t"), "t") == std::get<0 + 2>(frame.columns[0].values));
  datasets::TableBudget budget{20'000, std::size_t{1} << 20};
  CHECK(outcome([&] { return datasets::read_parquet(folder / "t", budget); }).starts_with("its values take more than 1"));
  budget = {20'000, 1000};
  budget.given = datasets::TableBudget::kMostBytes;
  CHECK(outcome([&] { return datasets::read_parquet(folder / "t", budget); }) == "its values take more than 4294967296 bytes");
}

TEST_CASE("tables: what is no Parquet file, and CSV in another encoding, is named") {
  const test::TemporaryFolder folder;
  CHECK(outcome([&] { return read_parquet(written(folder, "a", "a,b\n1,2\n")); }) ==
        "it is not a Parquet file; a CSV file has the extension csv");
  CHECK(outcome([&] {
          return read_csv(written(folder, "b",
                                  std::string("\xFF\xFE"
                                              "a\0,\0",
                                              6)));
        }) == "it is UTF-16, not UTF-8");
  CHECK(read_csv(written(folder, "c",
                         "\xEF\xBB\xBF"
                         "a,b\n1,2\n"))
            .columns[0]
            .name == "a");
  CHECK(read_csv(written(folder, "d", "a,b\n")).rows == 0);
}
