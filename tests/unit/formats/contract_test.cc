#include "formats/contract.h"

#include <catch2/catch.hpp>

#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string error_of(const ContractSpec& spec) {
  const auto compiled = Contract::compile(spec);
  return compiled ? "" : compiled.error().message;
}

}  // namespace

TEST_CASE("a contract's columns") {
  ContractSpec spec = contract({required("id", "string"), field("n", "int64")});
  FieldSpec maybe = field("m", "int64");
  maybe.nullable = false;  // but not required: absent is null in the column
  spec.fields.push_back(maybe);
  const auto compiled = Contract::compile(spec);
  REQUIRE(compiled);
  CHECK(to_string(compiled->schema()) == "id string, n int64, m int64");
  CHECK_FALSE(compiled->schema().columns()[0].nullable);
  CHECK(compiled->schema().columns()[1].nullable);
  CHECK(compiled->schema().columns()[2].nullable);
  CHECK(compiled->label() == "ride.v1");
  spec.drift.new_field = NewField::keep_raw;
  CHECK(to_string(Contract::compile(spec)->schema()) == "id string, n int64, m int64, _extra json");
  spec.name.clear();
  CHECK(Contract::compile(spec)->label().empty());
}

TEST_CASE("errors of a contract name the field") {
  CHECK(error_of(contract({})) == "a contract has at least one field");
  CHECK(error_of(contract({field("a", "strng")})) ==
        "field 'a': unknown type 'strng', did you mean 'string'? (type 'strng', column 1)");
  CHECK(error_of(contract({field("a", "int32"), field("A", "int32")})) ==
        "field 'A': is there twice (case does not tell columns apart)");
  CHECK(error_of(contract({field("_Src", "int32")})) ==
        "field '_Src': the name is Weir's own; call the field otherwise");
  CHECK(error_of(contract({field("", "int32")})) == "a field has a name");

  FieldSpec f = field("f", "string");
  f.pattern = "(";
  CHECK(error_of(contract({f})).find("field 'f': the pattern is not a regular expression (RE2): missing )") == 0);
  f = field("f", "int64");
  f.pattern = "a";
  CHECK(error_of(contract({f})) == "field 'f': a pattern is for strings, the type is int64");
  f = field("f", "int64");
  f.values = {"a"};
  CHECK(error_of(contract({f})) == "field 'f': values are for strings, the type is int64");
  f = field("f", "string");
  f.min = 1;
  CHECK(error_of(contract({f})) == "field 'f': min and max are for numbers, the type is string");
  f = field("f", "double");
  f.min = 2;
  f.max = 1;
  CHECK(error_of(contract({f})) == "field 'f': min 2 is above max 1");

  ContractSpec spec = contract({field("a", "int32")});
  spec.drift.new_field = NewField::add;
  CHECK(error_of(spec).find("this version has no 'add' yet") != std::string::npos);
  spec = contract({field("a", "int32")});
  spec.depth_max = 100'000;
  CHECK(error_of(spec) == "depth_max is 1 to 1000, not 100000");
}

TEST_CASE("bounds are exact in the field's own numbers") {
  FieldSpec f = field("f", "decimal(10,2)");
  f.min = 0.1;  // as a double a little more than 0.1
  f.max = 0.3;
  const ContractSpec decimals = contract({f});
  CHECK(code_of(decimals, R"({"f":0.1})") == "row");
  CHECK(code_of(decimals, R"({"f":0.3})") == "row");
  CHECK(code_of(decimals, R"({"f":0.09})") == "VALUE_OUT_OF_RANGE f");
  CHECK(code_of(decimals, R"({"f":0.31})") == "VALUE_OUT_OF_RANGE f");
  f.min = -1e300;
  f.max = 0.005;  // between two values of the type
  const ContractSpec wide = contract({f});
  CHECK(code_of(wide, R"({"f":0.00})") == "row");
  CHECK(code_of(wide, R"({"f":-99999999.99})") == "row");
  CHECK(code_of(wide, R"({"f":0.01})") == "VALUE_OUT_OF_RANGE f");

  FieldSpec n = field("n", "int64");
  n.min = 9007199254740992.0;  // 2^53
  n.max = 1e300;
  const ContractSpec integers = contract({n});
  CHECK(code_of(integers, R"({"n":9007199254740991})") == "VALUE_OUT_OF_RANGE n");
  CHECK(code_of(integers, R"({"n":9007199254740992})") == "row");
  CHECK(code_of(integers, R"({"n":9223372036854775807})") == "row");
}

TEST_CASE("the hash covers what decides, and only that") {
  const ContractSpec base = contract({required("a", "string"), field("b", "decimal(4,2)")});
  const auto hash = [](const ContractSpec& spec) { return Contract::compile(spec)->hash(); };
  ContractSpec other = base;
  other.owner = "someone";
  other.fields[0].description = "text";
  other.fields[1].type = "decimal( 4 , 2 )";
  CHECK(hash(other) == hash(base));
  const auto differs = [&](auto change) {
    ContractSpec changed = base;
    change(changed);
    CHECK(hash(changed) != hash(base));
  };
  differs([](ContractSpec& s) { s.fields[0].name = "c"; });
  differs([](ContractSpec& s) { s.fields[0].type = "binary"; });
  differs([](ContractSpec& s) { s.fields[0].required = false; });
  differs([](ContractSpec& s) { s.fields[0].nullable = true; });
  differs([](ContractSpec& s) { s.fields[0].values = {"x"}; });
  differs([](ContractSpec& s) { s.fields[0].pattern = "x"; });
  differs([](ContractSpec& s) { s.fields[1].min = 0; });
  differs([](ContractSpec& s) { s.fields[1].max = 0; });
  differs([](ContractSpec& s) { s.drift.new_field = NewField::dead_letter; });
  differs([](ContractSpec& s) { s.drift.missing_field = MissingField::null; });
  differs([](ContractSpec& s) { s.drift.type_change = TypeChange::null; });
  differs([](ContractSpec& s) { s.depth_max = 3; });
  differs([](ContractSpec& s) { s.record_bytes_max = 300; });
  differs([](ContractSpec& s) { s.version = 2; });
  differs([](ContractSpec& s) { std::swap(s.fields[0], s.fields[1]); });
}

TEST_CASE("a field is checked by itself, without its name") {
  FieldSpec f = field("f", "strng");
  CHECK(check_field(f).error().message == "unknown type 'strng', did you mean 'string'? (type 'strng', column 1)");
  f.type = "string";
  CHECK(check_field(f));
  f.min = 1;
  CHECK(check_field(f).error().message == "min and max are for numbers, the type is string");
}
