#include "delta/layout.h"

#include <catch2/catch.hpp>

#include "delta/table_schema.h"

using namespace weir;
using namespace weir::delta;

namespace {

Type plain(TypeKind kind) { return {kind, 0, 0, {}}; }

Snapshot table_of(const Schema& schema, std::vector<std::string> partition_by = {}) {
  Snapshot out;
  out.version = 3;
  out.metadata = new_metadata(schema, partition_by, 1);
  return out;
}

std::string refusal(const Snapshot& table, const Schema& rows, const std::vector<std::string>& partition_by = {},
                    bool merge = true) {
  const auto fitted = fit(table, rows, partition_by, merge);
  if (fitted) return {};
  CHECK(fitted.error().fault == Fault::config);
  return fitted.error().message;
}

bool says(const std::string& message, const std::string& part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a table that is not there yet takes the rows as they are, without the partition columns in its files") {
  const Schema rows({{"id", plain(TypeKind::int64), true},
                     {"Day", plain(TypeKind::date), true},
                     {"raw", plain(TypeKind::json), true}});
  const Fit fitted = fit(Snapshot(), rows, {"day"}, false).value();
  REQUIRE(fitted.layout.columns.size() == 2);
  CHECK(fitted.layout.columns[0] == StoredColumn{"id", plain(TypeKind::int64), "\"id\""});
  CHECK(fitted.layout.columns[1] == StoredColumn{"raw", plain(TypeKind::string), "CAST(\"raw\" AS VARCHAR)"});
  CHECK(fitted.layout.partition_columns == std::vector<std::string>{"Day"});
  CHECK(fitted.added.empty());
  CHECK(new_metadata(rows, {"day"}, 7).partition_columns == std::vector<std::string>{"Day"});
  CHECK(new_metadata(rows, {}, 7).id != new_metadata(rows, {}, 7).id);
}

TEST_CASE("columns meet by name, in the table's order and spelling, FAULTS 46") {
  const Snapshot table = table_of(Schema({{"A", plain(TypeKind::int64), true},
                                          {"gone", plain(TypeKind::string), true},
                                          {"b", plain(TypeKind::float64), true}}));
  const Schema rows({{"B", plain(TypeKind::float64), true}, {"a", plain(TypeKind::int64), true}});
  const Fit fitted = fit(table, rows, {}, true).value();
  REQUIRE(fitted.layout.columns.size() == 2);
  CHECK(fitted.layout.columns[0] == StoredColumn{"A", plain(TypeKind::int64), "\"a\""});
  CHECK(fitted.layout.columns[1] ==
        StoredColumn{"b", plain(TypeKind::float64), "CASE WHEN \"B\" = 0 THEN CAST(0 AS DOUBLE) ELSE \"B\" END"});
}

TEST_CASE("a value is stored as the table's type where that holds every one") {
  const auto expression = [](Type table, Type row) {
    const auto fitted =
        fit(table_of(Schema({{"a", std::move(table), true}})), Schema({{"a", std::move(row), true}}), {}, true);
    return fitted ? fitted->layout.columns[0].expression : "refused";
  };
  CHECK(expression(plain(TypeKind::int64), plain(TypeKind::int32)) == "CAST(\"a\" AS BIGINT)");
  CHECK(expression(plain(TypeKind::float64), plain(TypeKind::float32)) ==
        "CAST(CASE WHEN \"a\" = 0 THEN CAST(0 AS FLOAT) ELSE \"a\" END AS DOUBLE)");
  CHECK(expression(decimal_type(12, 4), decimal_type(10, 2)) == "CAST(\"a\" AS DECIMAL(12,4))");
  CHECK(expression(decimal_type(12, 4), decimal_type(12, 2)) == "refused");
  CHECK(expression(decimal_type(12, 2), decimal_type(12, 4)) == "refused");
  CHECK(expression(plain(TypeKind::int32), plain(TypeKind::int64)) == "refused");
  CHECK(expression(plain(TypeKind::float32), plain(TypeKind::float64)) == "refused");
  CHECK(expression(plain(TypeKind::float64), plain(TypeKind::int64)) == "refused");
  CHECK(expression(plain(TypeKind::string), plain(TypeKind::int64)) == "refused");
  CHECK(expression(plain(TypeKind::timestamp), plain(TypeKind::date)) == "refused");
}

TEST_CASE("merge adds columns, nullable, and keeps the table's id; fail does not start") {
  const Snapshot table = table_of(Schema({{"a", plain(TypeKind::int64), true}}));
  const Schema rows({{"a", plain(TypeKind::int64), true}, {"new", plain(TypeKind::uuid), false}});
  const Fit fitted = fit(table, rows, {}, true).value();
  REQUIRE(fitted.added.size() == 1);
  const Metadata merged = merged_metadata(table.metadata, fitted.added).value();
  CHECK(merged.id == table.metadata.id);
  const TableSchema schema = parse_table_schema(merged.schema).value();
  REQUIRE(schema.columns.size() == 2);
  CHECK(schema.columns[1].name == "new");
  CHECK(schema.columns[1].nullable);
  CHECK(*schema.columns[1].type == plain(TypeKind::string));
  const std::string message = refusal(table, rows, {}, false);
  CHECK(says(message, "no column 'new'"));
  CHECK(says(message, "schema: merge"));
}

TEST_CASE("refusals name the column, both types and the remedy") {
  const Snapshot table =
      table_of(Schema({{"amount", decimal_type(12, 2), true}, {"day", plain(TypeKind::date), true}}), {"day"});
  const Schema rows({{"amount", plain(TypeKind::float64), true}, {"day", plain(TypeKind::date), true}});
  const std::string message = refusal(table, rows, {"day"});
  CHECK(says(message, "column 'amount' is decimal(12,2) in the table and double here"));
  CHECK(says(message, "CAST it to DECIMAL(12,2) in a select step"));
  CHECK(says(refusal(table, rows, {}), "partitioned by [day]"));
  CHECK(says(refusal(table, rows, {"day", "amount"}), "write partition_by: [day]"));
  const Schema other({{"amount", decimal_type(12, 2), true}, {"day", plain(TypeKind::string), true}});
  CHECK(says(refusal(table, other, {"day"}), "column 'day' is date in the table and string here"));

  Snapshot strict = table;
  strict.metadata.schema = R"({"type":"struct","fields":[{"name":"a","type":"long","nullable":false,"metadata":{}}]})";
  strict.metadata.partition_columns = {};
  CHECK(
      says(refusal(strict, Schema({{"a", plain(TypeKind::int64), true}})), "column 'a' of the table must not be null"));
}

TEST_CASE("rows that no table takes") {
  const auto message = [](const Schema& rows, const std::vector<std::string>& partition_by) {
    const Status checked = check_rows(rows, partition_by);
    return checked ? std::string() : checked.error().message;
  };
  const Column good{"a", plain(TypeKind::int64), true};
  CHECK(message(Schema({good, {"b", plain(TypeKind::string), true}}), {"b"}).empty());
  CHECK(says(message(Schema({{"u", plain(TypeKind::uint64), true}}), {}),
             "column 'u': a Delta table holds no uint64; CAST it"));
  CHECK(says(message(Schema({{"a b", plain(TypeKind::int64), true}}), {}), "column 'a b'"));
  CHECK(says(message(Schema({good}), {"b"}), "no column 'b' to partition by; there are: a int64"));
  CHECK(says(message(Schema({good}), {"a"}), "no column is left"));
  for (const TypeKind kind : {TypeKind::float64, TypeKind::binary})
    CHECK(says(message(Schema({good, {"p", plain(kind), true}}), {"p"}), "column 'p' is"));
}
