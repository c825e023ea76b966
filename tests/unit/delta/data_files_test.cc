#include "delta/data_files.h"

#include <set>

#include "delta/delta_fixture.h"

using namespace weir;
using namespace weir::test;

namespace {

Result<std::vector<delta::AddFile>> write(DeltaFixture& f, const Batch& rows, const std::vector<std::string>& by) {
  const auto fitted = delta::fit({}, rows.schema(), by, true);
  const auto parts = delta::split(*f.io, rows, by);
  return delta::write_data_files(*f.io, f.root, fitted->layout, parts->parts, f.clock);
}

std::set<std::string> files_below(const std::filesystem::path& root) {
  std::set<std::string> out;
  if (!std::filesystem::exists(root)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root))
    if (entry.is_regular_file()) out.insert(std::filesystem::relative(entry.path(), root).string());
  return out;
}

}  // namespace

TEST_CASE("one file a partition, without its columns, with what a commit says of it") {
  DeltaFixture f;
  const Batch rows = batch_of(*f.io,
                              "SELECT i, CASE WHEN i % 2 = 0 THEN 'EUR' ELSE 'a/b c' END AS currency, "
                              "TIMESTAMPTZ '2026-01-01 00:00:00+00' AS ts FROM range(5000) t(i)");
  const auto files = write(f, rows, {"currency"}).value();
  REQUIRE(files.size() == 2);
  CHECK(files[0].path.starts_with("currency=EUR/part-00000-"));
  CHECK(files[1].path.starts_with("part-00001-"));
  CHECK(files[1].partition_values.at("currency") == "a/b c");
  CHECK(files[0].modification_time == 1'767'225'600'000);
  std::set<std::string> named;
  for (const auto& file : files) {
    named.insert(file.path);
    CHECK(file.size == std::filesystem::file_size(f.root / file.path));
    CHECK(file.stats.starts_with("{\"numRecords\":2500,"));
  }
  CHECK(files_below(f.root) == named);
  const std::string glob = quote_literal((f.root / "**/*.parquet").string());
  CHECK(f.query("SELECT count(*), count(DISTINCT i) FROM read_parquet(" + glob + ", hive_partitioning = false)") ==
        std::vector<std::string>{"5000|5000"});
  CHECK(f.query("SELECT DISTINCT name FROM parquet_schema(" + glob + ") WHERE name <> 'duckdb_schema' ORDER BY 1") ==
        std::vector<std::string>{"i", "ts"});
  CHECK(f.query("SELECT DISTINCT type, converted_type FROM parquet_schema(" + glob + ") WHERE name = 'ts'") ==
        std::vector<std::string>{"INT64|TIMESTAMP_MICROS"});
}

TEST_CASE("a failed write leaves nothing behind, and names never repeat") {
  DeltaFixture f;
  const Batch rows = batch_of(*f.io, "SELECT i, CAST(i % 3 AS VARCHAR) AS p FROM range(9) t(i)");
  arm_fault("delta_sink.copy", 2);
  const auto failed = write(f, rows, {"p"});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().fault == Fault::external);
  CHECK(files_below(f.root).empty());
  disarm_all();
  const auto first = write(f, rows, {"p"}).value();
  const auto second = write(f, rows, {"p"}).value();
  CHECK(files_below(f.root).size() == first.size() + second.size());
}
