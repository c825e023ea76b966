#include "connectors/file_format.h"

#include <fstream>
#include <sstream>

#include "connectors/file_sink_fixture.h"
#include "connectors/partition_path.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

const std::string all_types =
    "true AS b, 1::TINYINT AS i8, 2::SMALLINT AS i16, 3::INTEGER AS i32, 9007199254740993::BIGINT AS i64, "
    "18446744073709551615::UBIGINT AS u64, 1.5::FLOAT AS f, 0.1::DOUBLE AS d, 12.34::DECIMAL(10,2) AS dec, "
    "99999999999999999999999999.9999999999::DECIMAL(38,10) AS wide, 'é\"\n,' AS s, '{\"a\": 1}'::JSON AS j, "
    "'\\x00\\xFF'::BLOB AS bin, DATE '1969-12-31' AS day, TIME '01:02:03.000004' AS tm, "
    "TIMESTAMPTZ '2026-01-01 00:00:00.000001+00' AS ts, TIMESTAMP '1960-01-01 00:00:00.000001' AS ntz, "
    "'00000000-0000-0000-0000-000000000001'::UUID AS u, [1, NULL] AS l, {'x': 1, 'y': 'z'} AS st, MAP {'k': 1} AS m, "
    "NULL::VARCHAR AS nothing, '' AS empty";

}  // namespace

TEST_CASE("Parquet keeps every type and value") {
  FileSinkFixture f;
  const Batch rows = batch_of(*f.io, "SELECT " + all_types);
  auto sink = f.opened();
  REQUIRE(sink->verify(rows.schema()));
  written(sink->write(f.id(1), rows));
  const Batch back = batch_of(*f.io, "SELECT * FROM '" + f.spec.path + "/*.parquet'");
  CHECK(back.schema() == rows.schema());
  CHECK(lines(*f.io, back) == lines(*f.io, rows));
  const auto physical = f.io->run("SELECT type, converted_type, logical_type FROM parquet_schema('" + f.spec.path +
                                  "/*.parquet') WHERE name = 'ts'");
  REQUIRE(physical);
  const std::string ts = lines(*f.io, *physical).at(0);
  CHECK(ts.starts_with("INT64|TIMESTAMP_MICROS|"));
  CHECK(ts.find("isAdjustedToUTC=1") != std::string::npos);
}

TEST_CASE("every compression of every format is read back") {
  FileSinkFixture f;
  struct Case {
    FileFormat format;
    std::string compression, file;
  };
  const auto c = GENERATE(values<Case>({{FileFormat::parquet, "", "aaaaaaaa-1-0.parquet"},
                                        {FileFormat::parquet, "snappy", "aaaaaaaa-1-0.parquet"},
                                        {FileFormat::parquet, "gzip", "aaaaaaaa-1-0.parquet"},
                                        {FileFormat::parquet, "none", "aaaaaaaa-1-0.parquet"},
                                        {FileFormat::json, "", "aaaaaaaa-1-0.json"},
                                        {FileFormat::json, "gzip", "aaaaaaaa-1-0.json.gz"},
                                        {FileFormat::json, "zstd", "aaaaaaaa-1-0.json.zst"},
                                        {FileFormat::csv, "none", "aaaaaaaa-1-0.csv"},
                                        {FileFormat::csv, "gzip", "aaaaaaaa-1-0.csv.gz"},
                                        {FileFormat::csv, "zstd", "aaaaaaaa-1-0.csv.zst"}}));
  f.spec.format = c.format;
  f.spec.compression = c.compression;
  auto sink = f.opened();
  const Batch rows = f.rows(0, 3000);
  REQUIRE(sink->verify(rows.schema()));
  written(sink->write(f.id(1), rows));
  CHECK(f.files() == std::vector<std::string>{c.file});
  CHECK(f.read("count(*), sum(i), min(currency)", c.file) == std::vector<std::string>{"3000|4498500|EUR"});
}

TEST_CASE("JSON lines are valid JSON with RFC 3339 times, base64 bytes and no bare NaN") {
  FileSinkFixture f;
  f.spec.format = FileFormat::json;
  const std::string select =
      "SELECT TIMESTAMPTZ '2026-01-01 00:00:00.000001+00' AS ts, TIMESTAMP '1960-01-01 00:00:00' AS ntz, 'a\"b\n' AS "
      "s, "
      "'\\x00\\xFF'::BLOB AS bin, 'nan'::DOUBLE AS nan, '-inf'::FLOAT AS inf, 0.1::DOUBLE AS d, NULL::DOUBLE AS "
      "nothing, "
      "[1, 2] AS l, {'t': TIMESTAMPTZ '2026-01-01 00:00:00+00'} AS st, '{\"k\":[1]}'::JSON AS j, "
      "170141183460469231731687303715884105727::HUGEINT AS h";
  const Batch rows = batch_of(*f.io, select);
  auto sink = f.opened();
  REQUIRE(sink->verify(rows.schema()));
  written(sink->write(f.id(1), rows));
  CHECK(content(f.spec.path + "/aaaaaaaa-1-0.json") ==
        "{\"ts\":\"2026-01-01T00:00:00.000001Z\",\"ntz\":\"1960-01-01T00:00:00.000000\",\"s\":\"a\\\"b\\n\",\"bin\":"
        "\"AP8=\","
        "\"nan\":\"NaN\",\"inf\":\"-Infinity\",\"d\":0.1,\"nothing\":null,\"l\":[1,2],\"st\":{\"t\":\"2026-01-01 "
        "00:00:00+00\"},"
        "\"j\":{\"k\":[1]},\"h\":170141183460469231731687303715884105727}\n");
}

TEST_CASE("CSV tells null from empty and keeps quotes, commas and line ends") {
  FileSinkFixture f;
  f.spec.format = FileFormat::csv;
  const Batch rows = batch_of(*f.io,
                              "SELECT 'a\"b,c\nd' AS s, '' AS empty, NULL::VARCHAR AS nothing, [1, 2] AS l, "
                              "'nan'::DOUBLE AS d, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS ts");
  written(f.opened()->write(f.id(1), rows));
  CHECK(content(f.spec.path + "/aaaaaaaa-1-0.csv") ==
        "s,empty,nothing,l,d,ts\n\"a\"\"b,c\nd\",\"\",,\"[1,2]\",nan,2026-01-01T00:00:00.000000Z\n");
}

TEST_CASE("verify names what does not fit, before any work") {
  FileSinkFixture f;
  std::string columns = "i, [i] AS l, 'x' AS s";
  std::string part;
  SECTION("an unknown partition column") {
    f.spec.partition_by = {"s", "nowhere"};
    part = "no column 'nowhere' to partition by";
  }
  SECTION("a nested one") {
    f.spec.partition_by = {"l"};
    part = "'l' is nested";
  }
  SECTION("nothing left") {
    columns = "i, 's' AS s";
    f.spec.partition_by = {"i", "S"};
    part = "no column is left";
  }
  SECTION("an unknown compression") {
    f.spec.compression = "lzo";
    part = "compression 'lzo' is none of parquet's: zstd, snappy, gzip, none";
  }
  SECTION("a type that Parquet would round") {
    columns = "i, [1::HUGEINT] AS l";
    part = "column 'l': parquet files hold no int128";
  }
  SECTION("a file where the directory should be") {
    f.spec.path = f.directory.path() / "file";
    std::ofstream(f.spec.path) << "x";
    part = "cannot use as a directory";
  }
  SECTION("a file in the way further up") {
    std::ofstream(f.directory.path() / "file") << "x";
    f.spec.path = f.directory.path() / "file" / "below";
    part = "cannot use the directory";
  }
  const auto refused = f.make()->verify(f.rows(0, 1, columns).schema());
  REQUIRE_FALSE(refused);
  INFO(refused.error().text());
  CHECK(refused.error().text().find(part) != std::string::npos);
  CHECK(f.files().empty());
}

TEST_CASE("hostile partition values stay in the directory and come back as they were") {
  FileSinkFixture f;
  f.spec.partition_by = {"p"};
  const std::string values =
      "unnest(['..', '.', '/', '../../etc/passwd', 'a/b=c d%é:#?', '', NULL, '__HIVE_DEFAULT_PARTITION__', ' ', '%2F', "
      "'*', "
      "'[a]', 'x' || chr(0) || 'y', chr(10), '\\', '~', '🜁', 'null', 'NULL', '+', '&', ';', '$(id)', 'A', 'a']) AS p";
  const Batch rows = batch_of(*f.io, "SELECT row_number() OVER () AS i, * FROM (SELECT " + values + ")");
  auto sink = f.opened();
  REQUIRE(sink->verify(rows.schema()));
  const Written out = written(sink->write(f.id(1), rows));
  CHECK(out.rejected.empty());
  CHECK(out.rows == rows.rows());
  CHECK(out.files == rows.rows() - 1);  // null and empty share one
  for (const std::string& file : f.files()) {
    INFO(file);
    CHECK(file.starts_with("p="));
    CHECK(std::count(file.begin(), file.end(), '/') == 1);
  }
  CHECK_FALSE(std::filesystem::exists(f.directory.path() / "etc"));
  auto want = f.io->prepare("SELECT i, nullif(p, '') AS p FROM input ORDER BY i", {{"input", rows.schema()}});
  REQUIRE(want);
  CHECK(
      lines(*f.io,
            batch_of(*f.io, "SELECT i, p FROM read_parquet('" + f.spec.path +
                                "/**/*.parquet', hive_partitioning = true, hive_types = {'p': VARCHAR}) ORDER BY i")) ==
      lines(*f.io, *want->run(rows)));
}

TEST_CASE("a column's name is escaped, too, and several columns nest") {
  FileSinkFixture f;
  f.spec.partition_by = {"../x", "n"};
  written(f.opened()->write(f.id(1), f.rows(0, 4, "i, 'v' AS \"../x\", i % 2 AS n")));
  CHECK(f.files() ==
        std::vector<std::string>{"..%2Fx=v/n=0/aaaaaaaa-1-0.parquet", "..%2Fx=v/n=1/aaaaaaaa-1-1.parquet"});
  CHECK(f.read("count(*)") == std::vector<std::string>{"4"});
}

TEST_CASE("partition values that no file system takes are refused row by row, the same ones in a repeat") {
  FileSinkFixture f;
  f.spec.partition_by = {"p"};
  auto sink = f.opened();
  const Batch rows = f.rows(0, 4, "i, CASE WHEN i = 2 THEN repeat('é', 150) ELSE 'ok' END AS p");
  for (int again = 0; again < 2; ++again) {
    const Written out = written(sink->write(f.id(1), rows));
    CHECK(out.repeated == (again == 1));
    CHECK(out.rows == 3);
    REQUIRE(out.rejected.size() == 1);
    CHECK(out.rejected[0].src == 2);
    CHECK(out.rejected[0].code == Code::sink_rejected);
    CHECK(out.rejected[0].field == "p");
  }
  const Written many = written(sink->write(f.id(2), f.rows(0, 1100, "i, i AS p")));
  CHECK(many.files == Partitioner::parts_max);
  CHECK(many.rejected.size() == 1100 - Partitioner::parts_max);
  const Written none = written(sink->write(f.id(3), f.rows(0, 2, "i, repeat('x', 300) AS p")));
  CHECK(none.files == 0);
  CHECK((*sink->landed())->number == BatchNumber(3));
}

TEST_CASE("roll cuts a batch into several files, by rows and by size") {
  FileSinkFixture f;
  SECTION("rows") {
    f.spec.roll.rows = 3000;
    CHECK(written(f.opened()->write(f.id(1), f.rows(0, 10000))).files == 4);
  }
  SECTION("size") {
    f.spec.roll.size = Bytes(100 << 10);
    f.spec.compression = "none";
    auto sink = f.opened();
    const Written out = written(sink->write(f.id(1), f.rows(0, 10000, "i, md5(CAST(i AS VARCHAR)) AS text")));
    CHECK(out.files >= 4);
    for (const std::string& file : f.files()) CHECK(std::filesystem::file_size(f.spec.path + "/" + file) < 200 << 10);
  }
  SECTION("a size below what a few rows take") {
    f.spec.roll.size = Bytes(1);
    CHECK(written(f.opened()->write(f.id(1), f.rows(0, 10000))).files == 5);
  }
  CHECK(f.read("count(*), count(DISTINCT i)") == std::vector<std::string>{"10000|10000"});
}
