#include "delta/table_schema.h"

#include <catch2/catch.hpp>

#include "base/json.h"

using namespace weir;
using namespace weir::delta;

namespace {

Type plain(TypeKind kind) { return {kind, 0, 0, {}}; }

Schema every_type() {
  const Type nested{
      TypeKind::structure, 0, 0, {{"x", plain(TypeKind::int64)}, {"Y", list_type(plain(TypeKind::string))}}};
  return Schema({{"b", plain(TypeKind::boolean), true},
                 {"i8", plain(TypeKind::int8), true},
                 {"i16", plain(TypeKind::int16), true},
                 {"i32", plain(TypeKind::int32), true},
                 {"i64", plain(TypeKind::int64), true},
                 {"f32", plain(TypeKind::float32), true},
                 {"f64", plain(TypeKind::float64), true},
                 {"dec", decimal_type(38, 10), true},
                 {"s", plain(TypeKind::string), true},
                 {"bin", plain(TypeKind::binary), true},
                 {"day", plain(TypeKind::date), true},
                 {"ts", plain(TypeKind::timestamp), true},
                 {"l", list_type(list_type(plain(TypeKind::float64))), true},
                 {"st", nested, true},
                 {"m", Type{TypeKind::map, 0, 0, {{"key", plain(TypeKind::string)}, {"value", nested}}}, true}});
}

}  // namespace

TEST_CASE("every stored type goes to Spark's JSON and back") {
  const Schema schema = every_type();
  const TableSchema read = parse_table_schema(schema_json(schema)).value();
  REQUIRE(read.columns.size() == schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i) {
    INFO(schema.columns()[i].name);
    CHECK(read.columns[i].name == schema.columns()[i].name);
    REQUIRE(read.columns[i].type.has_value());
    CHECK(*read.columns[i].type == schema.columns()[i].type);
    CHECK(read.columns[i].nullable);
    CHECK_FALSE(read.columns[i].strict);
  }
  CHECK(
      schema_json(Schema({{"a \"b\"", decimal_type(12, 2), true}})) ==
      R"json({"type":"struct","fields":[{"name":"a \"b\"","type":"decimal(12,2)","nullable":true,"metadata":{}}]})json");
}

TEST_CASE("what a table has no type for") {
  for (const TypeKind kind : {TypeKind::uint8, TypeKind::uint16, TypeKind::uint32, TypeKind::uint64, TypeKind::int128,
                              TypeKind::time, TypeKind::timestamp_ntz, TypeKind::interval}) {
    CHECK_FALSE(stored_type(plain(kind)).has_value());
    CHECK_FALSE(stored_type(list_type(plain(kind))).has_value());
  }
  CHECK(*stored_type(list_type(plain(TypeKind::json))) == list_type(plain(TypeKind::string)));
  CHECK(*stored_type(plain(TypeKind::uuid)) == plain(TypeKind::string));
}

TEST_CASE("rules on columns of a table, at any depth, and types that Weir does not write") {
  const auto read = parse_table_schema(R"json({"type":"struct","fields":[
    {"name":"a","type":"long","nullable":false,"metadata":{}},
    {"name":"b","type":"long","nullable":true,"metadata":{"delta.invariants":"{}"}},
    {"name":"c","type":"date","nullable":true,"metadata":{"delta.generationExpression":"CAST(x AS DATE)"}},
    {"name":"d","type":"long","nullable":true,"metadata":{"delta.identity.start":1}},
    {"name":"e","type":{"type":"struct","fields":[{"name":"x","type":"long","nullable":false,"metadata":{}}]},"nullable":true,"metadata":{}},
    {"name":"f","type":{"type":"array","elementType":"long","containsNull":false},"nullable":true,"metadata":{}},
    {"name":"g","type":"timestamp_ntz","nullable":true,"metadata":{"comment":"x"}},
    {"name":"h","type":{"type":"array","elementType":"variant","containsNull":true},"nullable":true,"metadata":{}}]})json");
  REQUIRE(read.has_value());
  const auto& columns = read->columns;
  CHECK_FALSE(columns[0].nullable);
  CHECK(columns[1].unsupported == "an invariant");
  CHECK(columns[2].unsupported == "a generated value");
  CHECK(columns[3].unsupported == "an identity");
  CHECK(columns[4].strict);
  CHECK(columns[5].strict);
  CHECK_FALSE(columns[6].type.has_value());
  CHECK(columns[6].type_text == "timestamp_ntz");
  CHECK(columns[6].unsupported.empty());
  CHECK_FALSE(columns[7].type.has_value());
  CHECK(read->find("A") == &columns[0]);
  CHECK(read->find("z") == nullptr);
}

TEST_CASE("columns are added behind; what stands there stays as it is, unknown words included") {
  const std::string text =
      R"({"type":"struct","fields":[{"name":"a","type":"variant","nullable":true,"metadata":{"comment":"x"}}]})";
  const std::string added = add_columns(text, {{"b", Type{TypeKind::int64, 0, 0, {}}, true}}).value();
  const Json json = parse_json(added).value();
  CHECK(json["fields"][0] == parse_json(text).value()["fields"][0]);
  CHECK(json["fields"][1]["name"] == "b");
  CHECK(json["fields"][1]["nullable"] == true);
}

TEST_CASE("a schema that is none") {
  for (const char* bad : {"", "x", "[]", "{}", R"({"type":"struct","fields":{}})", R"({"fields":[{"name":"a"}]})",
                          R"({"fields":[{"type":"long"}]})", R"({"fields":[1]})"}) {
    INFO(bad);
    const auto read = parse_table_schema(bad);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().fault == Fault::data);
  }
}
