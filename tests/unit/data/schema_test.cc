#include "data/schema.h"

#include <catch2/catch.hpp>

#include "data/batch.h"

namespace weir {

TEST_CASE("names are found without regard to case") {
  const Schema schema({{"Amount", {TypeKind::int64}}, {"_src", {TypeKind::uint64}}});
  REQUIRE(schema.find("amount") == 0);
  REQUIRE_FALSE(schema.find("amounts").has_value());
  REQUIRE(schema.visible().size() == 1);
}

TEST_CASE("identifiers and literals are quoted as SQL does") {
  REQUIRE(quote_identifier("a\"b") == "\"a\"\"b\"");
  REQUIRE(quote_literal("it's") == "'it''s'");
}

TEST_CASE("types print as contracts and SQL write them, and survive DuckDB") {
  const Type nested = list_type({TypeKind::structure, 0, 0, {{"a b", {TypeKind::int32}}, {"c", decimal_type(38, 10)}}});
  REQUIRE(to_string(nested) == "list<struct<a b: int32, c: decimal(38,10)>>");
  REQUIRE(to_sql(nested) == "STRUCT(\"a b\" INTEGER, \"c\" DECIMAL(38,10))[]");
  for (int kind = 0; kind <= static_cast<int>(TypeKind::uuid); ++kind) {
    Type type{static_cast<TypeKind>(kind)};
    if (type.kind == TypeKind::decimal) type = decimal_type(12, 2);
    duckdb_logical_type logical = to_duckdb(type);
    REQUIRE(from_duckdb(logical).value() == type);
    duckdb_destroy_logical_type(&logical);
  }
  duckdb_logical_type logical = to_duckdb(nested);
  REQUIRE(from_duckdb(logical).value() == nested);
  duckdb_destroy_logical_type(&logical);
}

TEST_CASE("a source ordinal keeps source and ordinal apart") {
  const std::uint64_t src = make_src(3, 123456789);
  REQUIRE(src_source(src) == 3);
  REQUIRE(src_ordinal(src) == 123456789);
}

}  // namespace weir
