#include "sql/session.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "sql/error.h"
#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

Query prepare(Session& session, const std::string& sql, const Schema& schema) {
  auto query = session.prepare(sql, {{"input", schema}});
  if (!query) FAIL(query.error().text());
  return std::move(*query);
}

Error error_of(Session& session, const std::string& sql) {
  auto query = session.prepare(sql, {});
  if (!query) return query.error();
  auto rows = query->run(std::vector<Batch>{});
  REQUIRE(!rows);
  return rows.error();
}

}  // namespace

TEST_CASE("a query is bound once and runs for every batch, in order") {
  auto session = open_session();
  const Batch big =
      batch_of(*session, "SELECT range AS id, 'a longer string of row ' || range AS text FROM range(10000)");
  REQUIRE(big.rows() == 10000);
  Query query = prepare(*session, "SELECT id * 2 AS twice, text FROM input WHERE id % 3 = 0", big.schema());
  CHECK(to_string(query.schema()) == "twice int64, text string");
  for (int round = 0; round < 3; ++round) {
    const auto out = query.run(big);
    REQUIRE(out);
    const auto rows = lines(*session, *out);
    REQUIRE(rows.size() == 3334);
    for (std::size_t i = 0; i < rows.size(); ++i)
      REQUIRE(rows[i] == std::to_string(i * 6) + "|a longer string of row " + std::to_string(i * 3));
  }
}

TEST_CASE("empty batches and empty chunks are inputs like others") {
  auto session = open_session();
  const Batch one = batch_of(*session, "SELECT 1::BIGINT AS a");
  Query count = prepare(*session, "SELECT count(*) AS n FROM input", one.schema());
  Query rows = prepare(*session, "SELECT a FROM input", one.schema());
  CHECK(lines(*session, *count.run(Batch(one.shared_schema(), {}))) == std::vector<std::string>{"0"});
  CHECK(rows.run(Batch(one.shared_schema(), {}))->rows() == 0);
  auto hollow = std::make_shared<const Chunk>(make_chunk(one.schema()));
  const Batch gaps(one.shared_schema(), {hollow, one.chunks()[0], hollow, one.chunks()[0]});
  CHECK(lines(*session, *count.run(gaps)) == std::vector<std::string>{"2"});
  CHECK(lines(*session, *rows.run(gaps)) == std::vector<std::string>{"1", "1"});
}

TEST_CASE("results outlive input, query and session") {
  Batch out;
  {
    auto session = open_session();
    const Batch in =
        batch_of(*session,
                 "SELECT range AS id, repeat('x', 40) || range AS text, [range::VARCHAR || repeat('y', 30)] AS list, "
                 "{'a': repeat('z', 20) || range} AS s FROM range(5000)");
    Query query = prepare(*session, "SELECT text, list, s, substr(text, 5) AS part FROM input", in.schema());
    out = *query.run(in);
  }
  auto other = open_session();
  const auto rows = lines(*other, out);
  REQUIRE(rows.size() == 5000);
  CHECK(rows[4321] == std::string(40, 'x') + "4321|[4321" + std::string(30, 'y') + "]|{'a': " + std::string(20, 'z') +
                          "4321}|" + std::string(36, 'x') + "4321");
}

TEST_CASE("two inputs keep their names") {
  auto session = open_session();
  const Batch a = batch_of(*session, "SELECT range AS id FROM range(3000)");
  const Batch b = batch_of(*session, "SELECT range * 2 AS id, range AS v FROM range(10)");
  auto query = session->prepare("SELECT a.id, b.v FROM a JOIN b ON a.id = b.id ORDER BY 1 DESC",
                                {{"a", a.schema()}, {"b", b.schema()}});
  REQUIRE(query);
  const auto out = query->run(std::vector<Batch>{a, b});
  REQUIRE(out);
  CHECK(lines(*session, *out).front() == "18|9");
  CHECK(out->rows() == 10);
}

TEST_CASE("a query says which columns it reads") {
  auto session = open_session();
  const Batch in = batch_of(*session, "SELECT 1 AS a, 2 AS b, 3 AS c, 4 AS d");
  CHECK(*prepare(*session, "SELECT d, b FROM input", in.schema()).columns_read(0) == std::vector<std::size_t>{1, 3});
  CHECK(
      *prepare(*session, "SELECT b FROM (SELECT *, a + 1 AS x FROM input) WHERE c > 1", in.schema()).columns_read(0) ==
      std::vector<std::size_t>{1, 2});
  // DuckDB takes the first column where it needs only the number of rows.
  CHECK(*prepare(*session, "SELECT count(*) FROM input", in.schema()).columns_read(0) == std::vector<std::size_t>{0});
}

TEST_CASE("an error in any chunk fails the run, whatever came before it") {
  auto session = open_session();
  const Batch in = batch_of(*session, "SELECT range AS id FROM range(300000)");
  for (const int bad : {0, 1, 2047, 2048, 5000, 150000, 299999}) {
    Query query = prepare(
        *session,
        "SELECT CAST(CASE WHEN id = " + std::to_string(bad) + " THEN 'x' ELSE '1' END AS INTEGER) AS v FROM input",
        in.schema());
    const auto out = query.run(in);
    REQUIRE(!out);
    CHECK(out.error().fault == Fault::data);
    CHECK(out.error().message == "Could not convert string 'x' to INT32");
    Query good = prepare(*session, "SELECT id FROM input", in.schema());
    CHECK(good.run(in)->rows() == 300000);
  }
}

TEST_CASE("errors carry a fault and read well") {
  auto session = open_session();
  CHECK(error_of(*session, "SELECT CAST(range::VARCHAR || 'x' AS INTEGER) FROM range(1)").fault == Fault::data);
  CHECK(error_of(*session, "SELECT (range + 127)::TINYINT + 1::TINYINT FROM range(1)").fault == Fault::data);
  CHECK(error_of(*session, "SELECT ln(range) FROM range(1)").message == "cannot take logarithm of zero");
  CHECK(error_of(*session, "SELECT nope").fault == Fault::config);
  CHECK(error_of(*session, "SELECT 1 +").message == "syntax error at end of input");
  CHECK(error_of(*session, "SELECT nope").message ==
        "Referenced column \"nope\" was not found because the FROM clause is missing");
  CHECK(error_of(*session, "SELECT 1; SELECT 2").fault == Fault::config);
  CHECK(error_of(*session, "").fault == Fault::config);
  CHECK(error_of(*session, "SELECT CAST(repeat('v', 100000 + range) AS INTEGER) FROM range(1)").message.size() < 256);
  CHECK(to_error(DUCKDB_ERROR_OUT_OF_MEMORY, "Out of Memory Error: x").fault == Fault::external);
  CHECK(to_error(DUCKDB_ERROR_IO, "IO Error: x").retry == Retry::with_backoff);
  CHECK(to_error(DUCKDB_ERROR_INTERNAL, "INTERNAL Error: x").fault == Fault::internal);
}

TEST_CASE("compute has no way out") {
  for (const SessionKind kind : {SessionKind::compute, SessionKind::careful}) {
    auto session = open_session(kind);
    for (const char* sql : {"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'",
                            "COPY (SELECT 1) TO '/tmp/weir_out.csv'", "ATTACH '/tmp/weir_x.db'",
                            "SET enable_external_access = true", "SET threads = 4", "INSTALL httpfs", "LOAD httpfs"})
      CHECK(!session->run(sql));
    CHECK(lines(*session,
                batch_of(*session, "SELECT current_setting('threads') AS t, current_setting('TimeZone') AS z")) ==
          std::vector<std::string>{"1|UTC"});
  }
}

TEST_CASE("the extensions are inside") {
  auto session = open_session();
  CHECK(lines(*session, batch_of(*session,
                                 "SELECT json_extract_string('{\"a\": \"b\"}', '$.a') AS j, "
                                 "'2024-03-31 01:30:00'::TIMESTAMPTZ AT TIME ZONE 'Europe/Berlin' AS t")) ==
        std::vector<std::string>{"b|2024-03-31 03:30:00"});
}

TEST_CASE("io writes Parquet, JSON and CSV from a batch and counts the rows") {
  auto session = open_session(SessionKind::io);
  const auto dir = std::filesystem::temp_directory_path() / ("weir sql test " + std::to_string(std::random_device{}()));
  std::filesystem::create_directories(dir);
  const Batch in = batch_of(*session, "SELECT range AS id, 'it''s ' || range AS text FROM range(7000)");
  for (const std::string format : {"parquet", "json", "csv"}) {
    const auto path = (dir / ("out." + format)).string();
    Query copy = prepare(*session, "COPY (SELECT * FROM input) TO " + quote_literal(path) + " (FORMAT " + format + ")",
                         in.schema());
    const auto rows = copy.execute(in);
    REQUIRE(rows);
    CHECK(*rows == 7000);
    CHECK(*copy.execute(Batch(in.shared_schema(), {})) == 0);
    CHECK(*copy.execute(in) == 7000);
    CHECK(lines(*session, batch_of(*session, "SELECT count(*) AS n, max(text) AS t FROM " + quote_literal(path))) ==
          std::vector<std::string>{"7000|it's 999"});
  }
  Query lost =
      prepare(*session, "COPY (SELECT * FROM input) TO '/nonexistent/x.parquet' (FORMAT parquet)", in.schema());
  CHECK(lost.execute(in).error().fault == Fault::external);
  std::filesystem::remove_all(dir);
}

TEST_CASE("interrupt stops what runs and what would run") {
  auto session = open_session();
  const Batch in = batch_of(*session, "SELECT range AS id FROM range(100000)");
  Query query = prepare(*session, "SELECT count(*) AS n FROM input a, input b WHERE a.id + b.id = -1", in.schema());
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    session->interrupt();
  });
  const auto out = query.run(in);
  stopper.join();
  REQUIRE(!out);
  CHECK(out.error().message == "stopped");
  CHECK(query.run(in).error().message == "stopped");
}

TEST_CASE("memory beyond the limit is an external error that names the setting") {
  auto session = Session::open(SessionKind::compute, {Bytes(std::uint64_t{16} << 20), ""});
  REQUIRE(session);
  const auto out = (*session)->run("SELECT list(repeat('x', 1000) || range) AS l FROM range(100000)");
  REQUIRE(!out);
  CHECK(out.error().fault == Fault::external);
  CHECK(out.error().message.find("resources.memory") != std::string::npos);
}

TEST_CASE("notes name every row once, whatever stands between") {
  auto session = open_session();
  const Batch in = batch_of(*session, "SELECT range AS id, range::VARCHAR AS s FROM range(10000)");
  auto query = session->prepare(
      "SELECT id, a FROM (SELECT id, CAST(s AS INTEGER) AS a, weir_same(_weir_row) AS _weir_row FROM input WHERE CASE "
      "WHEN id % 10 > 0 THEN CASE WHEN "
      "id <> 77 THEN TRUE ELSE weir_note(2, _weir_row) END ELSE weir_note(1, _weir_row) END) WHERE CASE WHEN a > 100 "
      "THEN TRUE ELSE weir_note(3, "
      "_weir_row) END",
      {{"input", in.schema(), true}});
  if (!query) FAIL(query.error().text());
  for (int round = 0; round < 2; ++round) {
    const auto out = query->run(in);
    REQUIRE(out);
    std::vector<Note> want;
    for (std::uint64_t i = 0; i < 10000; ++i) {
      if (i % 10 == 0)
        want.push_back({1, i});
      else if (i == 77)
        want.push_back({2, i});
      else if (i <= 100)
        want.push_back({3, i});
    }
    CHECK(session->take_notes() == want);
    CHECK(out->rows() == 10000 - want.size());
  }
}

TEST_CASE("a filter is not moved past weir_same, so that a column that fails is computed for every row") {
  auto session = open_session();
  const Batch in =
      batch_of(*session, "SELECT range AS id, CASE WHEN range = 5 THEN 'x' ELSE '1' END AS s FROM range(10)");
  const auto run = [&](const std::string& row) {
    auto query = session->prepare("SELECT id FROM (SELECT id, CAST(s AS INTEGER) AS a, " + row +
                                      " AS _weir_row FROM input) WHERE CASE WHEN id > 7 OR a > 0 "
                                      "THEN id > 6 ELSE weir_note(1, _weir_row) END",
                                  {{"input", in.schema(), true}});
    REQUIRE(query);
    return query->run(in).has_value();
  };
  CHECK(!run("weir_same(_weir_row)"));
}

TEST_CASE("timestamps become dates as ICU would have it in UTC") {
  auto ours = open_session(SessionKind::compute);
  auto icu = open_session(SessionKind::io);  // without our casts
  const std::string values =
      "SELECT * FROM (SELECT make_timestamptz(range * 86400000000 - 1) AS t FROM range(-800, 800) UNION ALL "
      "SELECT make_timestamptz((range * 7919 * 1000003 % 200000000000) * 1000000 - 100000000000000000 + range) FROM "
      "range(3000) UNION ALL "
      "SELECT unnest([NULL, 'infinity', '-infinity', '0001-01-01 00:00:00Z', '9999-12-31 23:59:59.999999Z', "
      "'1969-12-31 23:59:59.999999Z', '1970-01-01 00:00:00Z']::TIMESTAMPTZ[]))";
  const Batch in = batch_of(*icu, values);
  const std::string sql =
      "SELECT CAST(t AS DATE) AS d, CAST(t AS TIMESTAMP) AS ts, TRY_CAST(t AS DATE) AS td, CAST(list_value(t) AS "
      "DATE[]) AS l, "
      "CAST(t AS DATE) = DATE '1970-01-01' AS same FROM input";
  Query a = prepare(*ours, sql, in.schema()), b = prepare(*icu, sql, in.schema());
  CHECK(lines(*icu, *a.run(in)) == lines(*icu, *b.run(in)));
  CHECK(
      lines(
          *ours,
          batch_of(
              *ours,
              "SELECT CAST(TIMESTAMPTZ '2024-02-29 23:59:59Z' AS DATE) AS d, CAST(NULL::TIMESTAMPTZ AS DATE) AS n")) ==
      std::vector<std::string>{"2024-02-29|NULL"});
}
