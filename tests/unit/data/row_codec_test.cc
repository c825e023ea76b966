#include "data/row_codec.h"

#include <map>

#include <catch2/catch.hpp>

namespace weir {
namespace {

// DuckDB as the oracle of types, order and equality.
class Oracle {
 public:
  Oracle() {
    REQUIRE(duckdb_open(nullptr, &database_) == DuckDBSuccess);
    REQUIRE(duckdb_connect(database_, &connection_) == DuckDBSuccess);
    // As Weir's sessions have it; and the thread sanitizer does not see how DuckDB's own threads agree with each other.
    REQUIRE(duckdb_query(connection_, "SET threads = 1", nullptr) == DuckDBSuccess);
  }
  ~Oracle() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Batch query(const std::string& sql) {
    duckdb_result result;
    if (duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess) FAIL(duckdb_result_error(&result));
    std::vector<Column> columns;
    for (idx_t i = 0; i < duckdb_column_count(&result); ++i) {
      duckdb_logical_type type = duckdb_column_logical_type(&result, i);
      columns.push_back({"c" + std::to_string(i), *from_duckdb(type)});
      duckdb_destroy_logical_type(&type);
    }
    std::vector<std::shared_ptr<const Chunk>> chunks;
    while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result)) chunks.push_back(std::make_shared<const Chunk>(chunk));
    duckdb_destroy_result(&result);
    return Batch(std::make_shared<Schema>(columns), std::move(chunks));
  }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

const std::vector<std::string>& values() {
  static const std::vector<std::string> lists = {
      "true, false",
      "(-128)::TINYINT, (-1)::TINYINT, 0::TINYINT, 127::TINYINT",
      "(-32768)::SMALLINT, (-1)::SMALLINT, 0::SMALLINT, 256::SMALLINT, 32767::SMALLINT",
      "(-2147483648)::INTEGER, (-256)::INTEGER, -1, 0, 1, 65536, 2147483647",
      "(-9223372036854775808)::BIGINT, (-1)::BIGINT, 0::BIGINT, 4294967296::BIGINT, 9223372036854775807::BIGINT",
      "(-170141183460469231731687303715884105728)::HUGEINT, (-18446744073709551616)::HUGEINT, (-1)::HUGEINT, "
      "0::HUGEINT, "
      "18446744073709551615::HUGEINT, 18446744073709551616::HUGEINT, 170141183460469231731687303715884105727::HUGEINT",
      "0::UTINYINT, 128::UTINYINT, 255::UTINYINT",
      "0::USMALLINT, 32768::USMALLINT, 65535::USMALLINT",
      "0::UINTEGER, 2147483648::UINTEGER, 4294967295::UINTEGER",
      "0::UBIGINT, 9223372036854775808::UBIGINT, 18446744073709551615::UBIGINT",
      "'-inf'::FLOAT, (-1.5)::FLOAT, 0::FLOAT, '-0.0'::FLOAT, 1e-40::FLOAT, 3.25::FLOAT, 'inf'::FLOAT, 'nan'::FLOAT",
      "'-inf'::DOUBLE, (-1e300)::DOUBLE, (-1e-300)::DOUBLE, 0::DOUBLE, '-0.0'::DOUBLE, 5e-324::DOUBLE, 1e300::DOUBLE, "
      "'inf'::DOUBLE, 'nan'::DOUBLE, '-nan'::DOUBLE",
      "(-9.99)::DECIMAL(3,2), 0::DECIMAL(3,2), 9.99::DECIMAL(3,2)",
      "(-1234567.89)::DECIMAL(9,2), 0::DECIMAL(9,2), 1234567.89::DECIMAL(9,2)",
      "(-1)::DECIMAL(18,4), 0::DECIMAL(18,4), 123456789.1234::DECIMAL(18,4)",
      "(-1e30)::DECIMAL(38,2), (-1)::DECIMAL(38,2), 0::DECIMAL(38,2), 1e30::DECIMAL(38,2)",
      "'', 'a', 'a' || chr(0), 'a' || chr(0) || 'b', 'a' || chr(1), 'ab', 'b', 'a string longer than twelve bytes', "
      "'é', '日本'",
      "''::BLOB, '\\x00'::BLOB, '\\x00\\x00'::BLOB, '\\x00\\x01'::BLOB, '\\x00\\xFF'::BLOB, '\\x01'::BLOB, "
      "'\\xFF'::BLOB, "
      "'\\xFF\\x00'::BLOB",
      "'1'::JSON, '[1]'::JSON",
      "'0001-01-01'::DATE, '1969-12-31'::DATE, '1970-01-01'::DATE, '9999-12-31'::DATE",
      "'00:00:00'::TIME, '23:59:59.999999'::TIME",
      "'0001-01-01'::TIMESTAMP, '1969-12-31 23:59:59.999999'::TIMESTAMP, '2026-01-01'::TIMESTAMP",
      "'1969-12-31 23:59:59.999999+00'::TIMESTAMPTZ, '1970-01-01 00:00:00+00'::TIMESTAMPTZ",
      "'00000000-0000-0000-0000-000000000001'::UUID, '7fffffff-0000-0000-0000-000000000000'::UUID, "
      "'80000000-0000-0000-0000-000000000000'::UUID, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::UUID",
  };
  return lists;
}

Batch decoded(const RowCodec& codec, const Schema& schema, const PackedRows& packed) {
  Chunk chunk = make_chunk(schema);
  std::vector<std::string_view> rows;
  for (std::size_t i = 0; i < packed.size(); ++i) rows.push_back(packed[i]);
  const Status done = codec.decode(rows, chunk.get(), 0);
  if (!done) FAIL(done.error().message);
  duckdb_data_chunk_set_size(chunk.get(), rows.size());
  return Batch(std::make_shared<Schema>(schema), {std::make_shared<const Chunk>(std::move(chunk))});
}

TEST_CASE("keys are in DuckDB's order and equal exactly where DuckDB's values are; both forms read back") {
  Oracle oracle;
  for (const std::string& list : values()) {
    INFO(list);
    // dense_rank puts equal values together, so a rank is a value's identity.
    const Batch rows = oracle.query("SELECT v, dense_rank() OVER (ORDER BY v NULLS FIRST) FROM (SELECT unnest([" +
                                    list + ", NULL]) AS v) ORDER BY v NULLS FIRST");
    const std::vector<Column> columns{rows.schema().columns()[0]};
    const auto key = RowCodec::make(columns, RowForm::key);
    const auto row = RowCodec::make(columns, RowForm::row);
    REQUIRE((key && row));
    const PackedRows keys = key->encode(rows, 0);
    REQUIRE(keys.size() == rows.rows());
    const auto* rank = static_cast<const std::int64_t*>(duckdb_vector_get_data(rows.chunks().front()->column(1)));
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (rank[i] == rank[i - 1]) CHECK(keys[i] == keys[i - 1]);
      if (rank[i] != rank[i - 1]) CHECK(keys[i] > keys[i - 1]);
    }
    CHECK(key->encode(decoded(*key, Schema(columns), keys), 0).bytes == keys.bytes);
    const PackedRows packed = row->encode(rows, 0);
    const Batch back = decoded(*row, Schema(columns), packed);
    CHECK(row->encode(back, 0).bytes == packed.bytes);
    CHECK(key->encode(back, 0).bytes == keys.bytes);
  }
}

TEST_CASE("keys of several columns order by the first that differs") {
  Oracle oracle;
  const Batch rows = oracle.query(
      "SELECT a, b, c FROM (SELECT unnest(['', 'a', 'a' || chr(0), 'ab', NULL]) AS a), (SELECT unnest([-1, 0, 7, "
      "NULL]) AS "
      "b), (SELECT unnest(['x', '', NULL]) AS c) ORDER BY a NULLS FIRST, b NULLS FIRST, c NULLS FIRST");
  const auto codec = RowCodec::make(rows.schema().columns(), RowForm::key);
  const PackedRows keys = codec->encode(rows, 0);
  REQUIRE(keys.size() == 60);
  for (std::size_t i = 1; i < keys.size(); ++i) CHECK(keys[i - 1] < keys[i]);
}

TEST_CASE("the bytes are pinned: checkpoints hold them") {
  Oracle oracle;
  const Batch rows = oracle.query("SELECT 258::INTEGER, 'a' || chr(0), NULL::BIGINT, 1.5::DOUBLE");
  const auto key = RowCodec::make(rows.schema().columns(), RowForm::key)->encode(rows, 0);
  CHECK(key.bytes == std::string("\x01\x80\x00\x01\x02\x01"
                                 "a\x00\xff\x00\x01\x00\x01\xbf\xf8\x00\x00\x00\x00\x00\x00",
                                 21));
  const auto row = RowCodec::make(rows.schema().columns(), RowForm::row)->encode(rows, 0);
  CHECK(row.bytes == std::string("\x0b\x02\x01\x00\x00\x02"
                                 "a\x00\x00\x00\x00\x00\x00\x00\xf8\x3f",
                                 16));
}

TEST_CASE("lists, structures and maps are packed as rows, with nulls at every depth") {
  Oracle oracle;
  const Batch rows = oracle.query(
      "SELECT * FROM (VALUES ([1, NULL, 3], {'t': 5, 'v': 'a long text that is not inlined'}, MAP {'x': [1.5], 'y': "
      "NULL}), "
      "([], {'t': NULL, 'v': NULL}, MAP {}), (NULL, NULL, NULL), ([7], {'t': 0, 'v': ''}, MAP {'': [NULL, 0.0]})) "
      "AS t(l, s, m)");
  const auto codec = RowCodec::make(rows.schema().columns(), RowForm::row);
  REQUIRE(codec);
  const PackedRows packed = codec->encode(rows, 0);
  REQUIRE(packed.size() == 4);
  const Batch back = decoded(*codec, rows.schema(), packed);
  CHECK(codec->encode(back, 0).bytes == packed.bytes);
  CHECK(packed[2] == std::string_view("\0", 1));
  // Three columns; no member; two nulls; no pair.
  CHECK(packed[1] == std::string_view("\x07\0\0\0\0", 5));
  // A member, 7; 0 and an empty text; a pair of an empty text and two numbers of scale 1, the first null.
  CHECK(packed[3] == std::string_view("\x07\x01\x01\x07\0\0\0\x01\0\0\0\0\x01\0\x01\x01\x01\0\x01\x02\0\x01\0\0", 24));
  Chunk chunk = make_chunk(rows.schema());
  for (std::size_t cut = 0; cut < packed[0].size(); ++cut) {
    const std::string_view part = packed[0].substr(0, cut);
    CHECK_FALSE(codec->decode(std::span(&part, 1), chunk.get(), 0));
  }
}

TEST_CASE("what cannot be packed is named") {
  const auto list = RowCodec::make({{"tags", list_type(Type{TypeKind::string})}}, RowForm::key);
  REQUIRE_FALSE(list);
  CHECK(list.error().fault == Fault::config);
  CHECK(list.error().message == "a key of state cannot hold a column of this type: tags list<string>");
  CHECK_FALSE(RowCodec::make({{"i", Type{TypeKind::interval}}}, RowForm::key));
  CHECK(RowCodec::make({{"i", Type{TypeKind::interval}}}, RowForm::row));
}

TEST_CASE("cut or strange bytes are an error, never a crash") {
  Oracle oracle;
  const Batch rows = oracle.query("SELECT 258::INTEGER, 'some text', NULL::BIGINT, 1.5::DOUBLE, 5::HUGEINT");
  for (const RowForm form : {RowForm::key, RowForm::row}) {
    const auto codec = RowCodec::make(rows.schema().columns(), form);
    const PackedRows packed = codec->encode(rows, 0);
    Chunk chunk = make_chunk(rows.schema());
    const auto decode = [&](std::string_view bytes) {
      return codec->decode(std::span(&bytes, 1), chunk.get(), 0).has_value();
    };
    CHECK(decode(packed[0]));
    for (std::size_t cut = 0; cut < packed.bytes.size(); ++cut) CHECK_FALSE(decode(packed[0].substr(0, cut)));
    CHECK_FALSE(decode(packed.bytes + "x"));
    for (std::size_t i = 0; i < packed.bytes.size(); ++i) {
      std::string changed = packed.bytes;
      changed[i] = '\xfe';
      decode(changed);
    }
  }
}

}  // namespace
}  // namespace weir
