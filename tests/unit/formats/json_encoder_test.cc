// Rows as JSON, of every type that SQL can give.
#include "formats/json_encoder.h"

#include <catch2/catch.hpp>

#include "base/json.h"
#include "formats/records.h"

using namespace weir;

namespace {

// The rows of a query as a batch.
class Query {
 public:
  Query() {
    REQUIRE(duckdb_open(nullptr, &database_) == DuckDBSuccess);
    REQUIRE(duckdb_connect(database_, &connection_) == DuckDBSuccess);
    // As Weir's sessions have it; and the thread sanitizer does not see how DuckDB's own threads agree with each other.
    REQUIRE(duckdb_query(connection_, "SET threads = 1", nullptr) == DuckDBSuccess);
  }
  ~Query() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Batch run(const std::string& sql) {
    duckdb_result result;
    const auto state = duckdb_query(connection_, sql.c_str(), &result);
    if (state != DuckDBSuccess) FAIL(duckdb_result_error(&result));
    auto schema = std::make_shared<Schema>();
    for (idx_t i = 0; i < duckdb_column_count(&result); ++i) {
      duckdb_logical_type type = duckdb_column_logical_type(&result, i);
      schema->add({duckdb_column_name(&result, i), *from_duckdb(type), true});
      duckdb_destroy_logical_type(&type);
    }
    std::vector<std::shared_ptr<const Chunk>> chunks;
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) chunks.push_back(std::make_shared<const Chunk>(chunk));
    duckdb_destroy_result(&result);
    return Batch(schema, std::move(chunks));
  }
  std::string value(const std::string& expression) { return test::rows(run("SELECT " + expression + " AS v")).at(0); }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace

TEST_CASE("every type as JSON") {
  Query query;
  CHECK(query.value("NULL::INTEGER") == R"({"v":null})");
  CHECK(query.value("true") == R"({"v":true})");
  CHECK(query.value("(-128)::TINYINT") == R"({"v":-128})");
  CHECK(query.value("(-32768)::SMALLINT") == R"({"v":-32768})");
  CHECK(query.value("(-2147483648)::INTEGER") == R"({"v":-2147483648})");
  CHECK(query.value("9223372036854775807") == R"({"v":9223372036854775807})");
  CHECK(query.value("255::UTINYINT") == R"({"v":255})");
  CHECK(query.value("65535::USMALLINT") == R"({"v":65535})");
  CHECK(query.value("4294967295::UINTEGER") == R"({"v":4294967295})");
  CHECK(query.value("18446744073709551615::UBIGINT") == R"({"v":18446744073709551615})");
  CHECK(query.value("(-170141183460469231731687303715884105728)::HUGEINT") ==
        R"({"v":-170141183460469231731687303715884105728})");
  CHECK(query.value("170141183460469231731687303715884105727::HUGEINT") ==
        R"({"v":170141183460469231731687303715884105727})");
  CHECK(query.value("0::HUGEINT") == R"({"v":0})");
  CHECK(query.value("0.1::DOUBLE") == R"({"v":0.1})");
  CHECK(query.value("(0.1::DOUBLE + 0.2::DOUBLE)") == R"({"v":0.30000000000000004})");
  CHECK(query.value("1e300::DOUBLE") == R"({"v":1e+300})");
  CHECK(query.value("5::DOUBLE") == R"({"v":5})");
  CHECK(query.value("'-0'::DOUBLE") == R"({"v":-0})");
  CHECK(query.value("0.1::FLOAT") == R"({"v":0.1})");
  CHECK(query.value("'NaN'::DOUBLE") == R"({"v":"NaN"})");
  CHECK(query.value("'inf'::DOUBLE") == R"({"v":"Infinity"})");
  CHECK(query.value("'-inf'::FLOAT") == R"({"v":"-Infinity"})");
  CHECK(query.value("12.3::DECIMAL(4,2)") == R"({"v":12.30})");
  CHECK(query.value("(-0.05)::DECIMAL(9,2)") == R"({"v":-0.05})");
  CHECK(query.value("0::DECIMAL(18,3)") == R"({"v":0.000})");
  CHECK(query.value("7::DECIMAL(18,0)") == R"({"v":7})");
  CHECK(query.value("(-99999999999999999999999999999999999999)::DECIMAL(38,0)") ==
        R"({"v":-99999999999999999999999999999999999999})");
  CHECK(query.value("'0.00000000000000000000000000000000000001'::DECIMAL(38,38)") ==
        R"({"v":0.00000000000000000000000000000000000001})");
  CHECK(query.value("'a\"b'") == R"({"v":"a\"b"})");
  CHECK(query.value("'a string longer than twelve bytes'") == R"({"v":"a string longer than twelve bytes"})");
  CHECK(query.value("'{\"a\": [1,\n2]}'::JSON") == R"({"v":{"a": [1, 2]}})");
  CHECK(query.value("'\\x00\\xFF'::BLOB") == R"({"v":"AP8="})");
  CHECK(query.value("DATE '2026-01-31'") == R"({"v":"2026-01-31"})");
  CHECK(query.value("TIME '12:34:56.5'") == R"({"v":"12:34:56.5"})");
  CHECK(query.value("TIMESTAMP '2026-01-31 12:34:56.000001'") == R"({"v":"2026-01-31T12:34:56.000001"})");
  CHECK(query.value("to_timestamp(0)") == R"({"v":"1970-01-01T00:00:00Z"})");
  CHECK(query.value("INTERVAL '14 months 3 days' + INTERVAL '-1.5 seconds'") == R"({"v":"P14M3DT-1.5S"})");
  CHECK(query.value("INTERVAL '0 days'") == R"({"v":"PT0S"})");
  CHECK(query.value("'00112233-4455-6677-8899-aabbccddeeff'::UUID") ==
        R"({"v":"00112233-4455-6677-8899-aabbccddeeff"})");
  CHECK(query.value("'ff112233-4455-6677-8899-aabbccddeeff'::UUID") ==
        R"({"v":"ff112233-4455-6677-8899-aabbccddeeff"})");
  CHECK(query.value("[[1,NULL],[],NULL]") == R"({"v":[[1,null],[],null]})");
  CHECK(query.value("{'a': 1, 'b c': {'d': NULL, 'e': 'x'}}") == R"({"v":{"a":1,"b c":{"d":null,"e":"x"}}})");
  CHECK(query.value("MAP {'a': 1, 'b': NULL}") == R"({"v":{"a":1,"b":null}})");
  CHECK(query.value("MAP {1: ['x']}") == R"({"v":[{"key":1,"value":["x"]}]})");
}

TEST_CASE("hidden columns are left out") {
  Query query;
  CHECK(test::rows(query.run("SELECT 7::UBIGINT AS _src, 1 AS a, 2::UTINYINT AS _op, 3 AS b")).at(0) ==
        R"({"a":1,"b":3})");
}

TEST_CASE("keys of records are bytes where they can be") {
  Query query;
  const auto key = [&](const std::string& expression) {
    const Batch batch = query.run("SELECT " + expression + " AS k");
    JsonEncoder encoder(batch.schema());
    encoder.start(*batch.chunks().at(0));
    std::string out;
    return encoder.append_key(0, 0, out) ? out : "null key";
  };
  CHECK(key("NULL::VARCHAR") == "null key");
  CHECK(key("'a\"b'") == "a\"b");
  CHECK(key("''") == "");
  CHECK(key("'\\x00\\xFF'::BLOB") == std::string("\0\xff", 2));
  CHECK(key("42") == "42");
  CHECK(key("1.5::DOUBLE") == "1.5");
  CHECK(key("'nan'::DOUBLE") == "NaN");
  CHECK(key("to_timestamp(0)") == "1970-01-01T00:00:00Z");
  CHECK(key("['a']") == R"(["a"])");
  CHECK(key("{'a': 'b'}") == R"({"a":"b"})");
}

TEST_CASE("rows of many chunks are read back by another JSON library") {
  Query query;
  const Batch batch = query.run(
      "SELECT i, 'name ' || i AS name, CASE WHEN i % 3 = 0 THEN NULL ELSE i / 7.0 END AS d, [i, NULL] AS l FROM "
      "range(5000) t(i)");
  const EncodedRows encoded = encode_json(batch);
  REQUIRE(encoded.ends.size() == 5000);
  for (std::size_t i = 0; i < 5000; ++i) {
    const auto json = parse_json(encoded.row(i));
    REQUIRE(json);
    REQUIRE((*json)["i"] == i);
    REQUIRE((*json)["name"] == "name " + std::to_string(i));
    REQUIRE((*json)["l"][0] == i);
    if (i % 3 == 0)
      REQUIRE((*json)["d"].is_null());
    else
      REQUIRE((*json)["d"].get<double>() == static_cast<double>(i) / 7.0);
  }
}
