#include "formats/type_text.h"

#include <catch2/catch.hpp>

using namespace weir;

namespace {

std::string round_trip(std::string_view text) {
  const auto type = parse_type(text);
  return type ? to_string(*type) : "error: " + type.error().message;
}

}  // namespace

TEST_CASE("type texts of contracts") {
  for (const char* text :
       {"string", "bool", "int32", "int64", "double", "decimal(12,2)", "decimal(38,38)", "decimal(1,0)", "timestamp",
        "date", "binary", "json", "list<string>", "list<list<decimal(5,1)>>", "struct<a: int32, b: list<date>>",
        "struct<a: struct<b: struct<c: json>>>"})
    CHECK(round_trip(text) == text);
  CHECK(round_trip("  list < struct<a:int32 ,b : string> >  ") == "list<struct<a: int32, b: string>>");
  CHECK(round_trip("decimal( 12 , 2 )") == "decimal(12,2)");
  const auto quoted = parse_type(R"(struct<"a b": int32>)");
  REQUIRE(quoted);
  CHECK(quoted->children.at(0).name == "a b");
}

TEST_CASE("wrong type texts say where and what") {
  const auto error = [](std::string_view text) { return round_trip(text); };
  CHECK(error("strng") == "error: unknown type 'strng', did you mean 'string'? (type 'strng', column 1)");
  CHECK(error("list<it64>") == "error: unknown type 'it64', did you mean 'int64'? (type 'list<it64>', column 6)");
  CHECK(error("bigint") == "error: unknown type 'bigint', did you mean 'int64'? (type 'bigint', column 1)");
  CHECK(error("Long") == "error: unknown type 'Long', did you mean 'int64'? (type 'Long', column 1)");
  CHECK(error("String") == "error: unknown type 'String', did you mean 'string'? (type 'String', column 1)");
  CHECK(error("qqqqqq") == "error: unknown type 'qqqqqq' (type 'qqqqqq', column 1)");
  CHECK(error("") == "error: expected a type (type '', column 1)");
  CHECK(error("decimal") == "error: decimal needs its digits, as in decimal(12,2) (type 'decimal', column 8)");
  CHECK(error("decimal(39,2)") == "error: decimal has 1 to 38 digits (type 'decimal(39,2)', column 8)");
  CHECK(error("decimal(0,0)") == "error: decimal has 1 to 38 digits (type 'decimal(0,0)', column 8)");
  CHECK(error("decimal(2,3)").find("no more digits after the point than in all") != std::string::npos);
  CHECK(error("list<int32") == "error: list needs a closing '>' (type 'list<int32', column 11)");
  CHECK(error("list") == "error: list needs its element, as in list<string> (type 'list', column 5)");
  CHECK(error("struct<>") == "error: expected the name of a field (type 'struct<>', column 8)");
  CHECK(error("struct<a int32>") ==
        "error: a field of a struct is written name: type (type 'struct<a int32>', column 10)");
  CHECK(error("struct<a: int32, A: int32>").find("field 'A' is there twice") != std::string::npos);
  CHECK(error("int32 int32") == "error: the type ends before this (type 'int32 int32', column 7)");
  CHECK(error("struct<\"\": int32>").find("a quoted name has text") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "list<";
  CHECK(error(deep).find("nested more than 32 deep") != std::string::npos);
}
