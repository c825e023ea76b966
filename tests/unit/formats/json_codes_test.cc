// Each code that a JSON record can earn, with the field and the words a user reads.
#include <catch2/catch.hpp>

#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

const ContractSpec order = contract({
    required("id", "string"),
    field("n", "int32"),
    field("big", "int64"),
    field("d", "double"),
    field("m", "decimal(6,2)"),
    field("t", "timestamp"),
    field("day", "date"),
    field("ok", "bool"),
    field("blob", "binary"),
    field("raw", "json"),
    field("items", "list<struct<price: decimal(6,2), tags: list<string>>>"),
    field("to", "struct<city: string, zip: struct<code: int32>>"),
});

std::string with(const std::string& members) { return outcome(order, R"({"id":"x",)" + members + "}"); }
std::string code_with(const std::string& members) { return code_of(order, R"({"id":"x",)" + members + "}"); }

}  // namespace

TEST_CASE("NULL_VALUE, an empty value and blanks are three things") {
  Records records;
  records.add(std::nullopt).add("").add(" \n ").add(R"({"id":"x"})");
  const auto decoded = decoder_of(order)->decode(records.batch(), 7);
  REQUIRE(decoded);
  REQUIRE(decoded->rejected.size() == 3);
  CHECK(decoded->rejected[0].code == Code::null_value);
  CHECK(decoded->rejected[1].code == Code::json_parse_error);
  CHECK(decoded->rejected[1].message == "the value is empty: no bytes (which is not a null value)");
  CHECK(decoded->rejected[2].code == Code::json_parse_error);
  CHECK(decoded->rejected[2].message == "the value is empty: nothing but blanks");
  CHECK(decoded->rejected[2].src == make_src(7, 2));
  CHECK(decoded->rows.src() == std::vector<std::uint64_t>{make_src(7, 3)});
}

TEST_CASE("JSON_PARSE_ERROR says what and where") {
  CHECK(outcome(order, R"({"id":"x"} {})") == "JSON_PARSE_ERROR : more text after the end of the value, at byte 11: {");
  CHECK(outcome(order, R"({"id":"x"}x)") == "JSON_PARSE_ERROR : more text after the end of the value, at byte 10: x");
  CHECK(outcome(order, R"({"id":"x")") == "JSON_PARSE_ERROR : expected ',' or '}': the text ends after 9 bytes");
  CHECK(outcome(order, R"({"id":"x)") == "JSON_PARSE_ERROR : a string is not closed: the text ends after 8 bytes");
  CHECK(outcome(order, R"({"id":"x",})") == "JSON_PARSE_ERROR : expected the name of a field in quotes, at byte 10: }");
  CHECK(outcome(order, R"({"id" "x"})") ==
        "JSON_PARSE_ERROR id: expected ':' after the name of a field, at byte 6: \"x\"");
  CHECK(outcome(order, R"({'id':"x"})") ==
        "JSON_PARSE_ERROR : expected the name of a field in quotes, at byte 1: 'id'");
  CHECK(outcome(order, R"({id:"x"})") == "JSON_PARSE_ERROR : expected the name of a field in quotes, at byte 1: id");
  CHECK(outcome(order, "\xef\xbb\xbf{\"id\":\"x\"}") ==
        "JSON_PARSE_ERROR : a byte order mark before the value; JSON is sent without one");
  CHECK(with(R"("raw":[1,2,])") == "JSON_PARSE_ERROR raw[2]: expected a value, at byte 21: ]");
  CHECK(with(R"("d":NaN)") == "JSON_PARSE_ERROR d: expected a value, at byte 14: NaN");
  CHECK(with(R"("d":Infinity)").find("JSON_PARSE_ERROR d: expected a value") == 0);
  CHECK(with(R"("d":-Infinity)").find("JSON_PARSE_ERROR d: expected a value") == 0);
  CHECK(with(R"("n":01)").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("n":+1)").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("n":.5)").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("n":1.)").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("n":1e)").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("n":0x10)").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("n":1 2)").find("JSON_PARSE_ERROR : expected ',' or '}'") == 0);
  CHECK(with(R"("n":12"a")").find("JSON_PARSE_ERROR n") == 0);
  CHECK(with(R"("ok":True)").find("JSON_PARSE_ERROR ok") == 0);
  CHECK(with(R"("ok":truex)").find("JSON_PARSE_ERROR ok") == 0);
  CHECK(with(R"("ok":nul)").find("JSON_PARSE_ERROR ok") == 0);
  CHECK(with(R"("ok":undefined)").find("JSON_PARSE_ERROR ok") == 0);
  CHECK(with(R"("n":1 /* c */)").find("JSON_PARSE_ERROR") == 0);
  CHECK(with(R"("raw":[1}])").find("JSON_PARSE_ERROR raw: expected ',' or ']'") == 0);
  CHECK(with(R"("items":[{"price":1],"x":2})").find("JSON_PARSE_ERROR items[0]: expected ',' or '}'") == 0);
  CHECK(with(R"("to":{"city")").find("JSON_PARSE_ERROR to.city: expected ':'") == 0);
  CHECK(with("\"raw\":\"a\tb\"") ==
        "JSON_PARSE_ERROR : a control character inside a string; JSON writes it as an escape");
  CHECK(with("\"raw\":\"a\nb\"").find("JSON_PARSE_ERROR : a control character") == 0);
  CHECK(outcome(order, "[") == "JSON_PARSE_ERROR : the text ends in an open array: the text ends after 1 bytes");
  CHECK(outcome(order, "{") == "JSON_PARSE_ERROR : the text ends in an open object: the text ends after 1 bytes");
  CHECK(outcome(order, R"({"id":)") ==
        "JSON_PARSE_ERROR id: the text ends where a value belongs: the text ends after 6 bytes");
}

TEST_CASE("escapes: all of RFC 8259, no others, no half of a pair") {
  const ContractSpec text = contract({required("s", "string")});
  CHECK(outcome(text, R"({"s":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00"})") ==
        "{\"s\":\"\\\"\\\\/\\b\\f\\n\\r\\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}");
  CHECK(outcome(text, R"({"s":"\u0000"})") == R"({"s":"\u0000"})");  // a character like any other
  for (const char* bad : {R"({"s":"\x"})", R"({"s":"\u12"})", R"({"s":"\u12g4"})", R"({"s":"\ud800"})",
                          R"({"s":"\udc00"})", R"({"s":"\ud800\u0041"})", R"({"s":"\ud800\ud800"})",
                          R"({"s":"\ud83dx"})", R"({"s":"\'"})", R"({"s":"\U0041"})"})
    CHECK(outcome(text, bad).find(
              "JSON_PARSE_ERROR s: an escape that JSON does not have, or half of a surrogate pair, at byte ") == 0);
  CHECK(outcome(text, R"({"s":"a","x\ud800":1})").find("JSON_PARSE_ERROR") == 0);
  CHECK(outcome(text, R"({"s":"a","x":"\ud800"})").find("JSON_PARSE_ERROR x:") == 0);
  // A name may be written with escapes.
  CHECK(outcome(text, R"({"\u0073":"a"})") == R"({"s":"a"})");
}

TEST_CASE("INVALID_UTF8 beats everything else in the text") {
  CHECK(outcome(order, "{\"id\":\"\xff\"}") == "INVALID_UTF8 : not UTF-8 at byte 7: \\xff\"}");
  CHECK(code_of(order, "{\"id\":5,\"\xc3\"") == "INVALID_UTF8");
  CHECK(code_of(order, "\xe5") == "INVALID_UTF8");
  CHECK(code_of(order, "{\"id\":\"\xed\xa0\x80\"}") == "INVALID_UTF8");
  CHECK(code_of(order, "{\"id\":\"\xf4\x90\x80\x80\"}") == "INVALID_UTF8");
  CHECK(code_of(order, "{\"id\":\"\xc0\xaf\"}") == "INVALID_UTF8");
  CHECK(code_of(order, "{\"id\":\"\xf0\x9f\x98\"}") == "INVALID_UTF8");
  // In what nobody reads, too.
  CHECK(code_of(order, "{\"id\":\"x\",\"other\":{\"a\":\"\x80\"}}") == "INVALID_UTF8");
}

TEST_CASE("RECORD_TOO_LARGE by the contract's limit, to the byte") {
  ContractSpec small = contract({required("id", "string")});
  small.record_bytes_max = 20;
  CHECK(code_of(small, R"({"id":"0123456789"})") == "row");
  CHECK(code_of(small, R"({"id":"01234567890"})") == "row");
  CHECK(outcome(small, R"({"id":"012345678901"})") ==
        "RECORD_TOO_LARGE : 21 bytes, the contract takes at most 20 (record_bytes_max)");
  CHECK(code_of(small, std::string(30, 'x')) == "RECORD_TOO_LARGE");  // nothing of it is read
}

TEST_CASE("a record of ten million bytes is read, and its memory given back") {
  const ContractSpec spec = contract({required("id", "string"), field("raw", "json")});
  std::string text = R"({"id":"x","raw":[)";
  while (text.size() < 9'999'000) text += "1,";
  text += "1]}";
  CHECK(code_of(spec, text) == "row");
}

TEST_CASE("NESTING_TOO_DEEP, whatever holds the levels, without a deep stack") {
  ContractSpec spec = contract({required("id", "string"), field("raw", "json"), field("l", "list<list<int32>>")});
  spec.depth_max = 4;
  CHECK(code_of(spec, R"({"id":"x","raw":[[[1]]]})") == "row");
  CHECK(outcome(spec, R"({"id":"x","raw":[[[[1]]]]})") ==
        "NESTING_TOO_DEEP raw[0][0][0]: nested more than 4 deep (depth_max of the contract)");
  CHECK(code_of(spec, R"({"id":"x","other":{"a":{"b":{}}}})") == "row");
  CHECK(code_of(spec, R"({"id":"x","other":{"a":{"b":{"c":{}}}}})") == "NESTING_TOO_DEEP other.a.b.c");
  CHECK(code_of(spec, R"({"id":"x","l":[[1],[2,3]]})") == "row");
  spec.depth_max = 2;
  CHECK(code_of(spec, R"({"id":"x","l":[[1]]})") == "NESTING_TOO_DEEP l[0]");
  CHECK(code_of(spec, R"([[[]]])") == "NESTING_TOO_DEEP [0][0]");
  const ContractSpec common = contract({required("id", "string"), field("raw", "json")});
  for (const std::string& open : {std::string("["), std::string("{\"a\":")}) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += open;
    CHECK(code_of(common, deep).find("NESTING_TOO_DEEP") == 0);
    CHECK(code_of(common, "{\"raw\":" + deep).find("NESTING_TOO_DEEP raw") == 0);
    CHECK(code_of(common, "{\"other\":" + deep).find("NESTING_TOO_DEEP other") == 0);
    CHECK(code_of(common, "{\"id\":" + deep).find("NESTING_TOO_DEEP id") == 0);
  }
  // The greatest depth that a contract may allow is safe.
  ContractSpec deepest = common;
  deepest.depth_max = 1000;
  CHECK(code_of(deepest, "{\"id\":\"x\",\"raw\":" + std::string(999, '[') + std::string(999, ']') + "}") == "row");
  CHECK(code_of(deepest, "{\"id\":\"x\",\"raw\":" + std::string(1000, '[') + std::string(1000, ']') + "}")
            .find("NESTING_TOO_DEEP") == 0);
}

TEST_CASE("MISSING_FIELD comes last, in the order of the contract") {
  const ContractSpec spec = contract({required("a", "string"), required("b", "timestamp"), field("c", "int32")});
  CHECK(outcome(spec, R"({"b":"2026-01-01T00:00:00Z"})") ==
        "MISSING_FIELD a: a required field is not there; expected string");
  CHECK(outcome(spec, R"({"a":"x"})") ==
        "MISSING_FIELD b: a required field is not there; expected a timestamp such as \"2026-01-31T12:00:00Z\"");
  CHECK(code_of(spec, "{}") == "MISSING_FIELD a");
  CHECK(code_of(spec, R"({"c":"no number"})") == "TYPE_MISMATCH c");
}

TEST_CASE("NULL_NOT_ALLOWED") {
  const ContractSpec spec = contract({required("a", "string"), field("b", "int32")});
  CHECK(outcome(spec, R"({"a":null})") == "NULL_NOT_ALLOWED a: null, expected string");
  CHECK(outcome(spec, R"({"a":"x","b":null})") == R"({"a":"x","b":null})");
  ContractSpec strict = spec;
  strict.fields[1].nullable = false;  // may be absent, may not be null
  CHECK(outcome(strict, R"({"a":"x"})") == R"({"a":"x","b":null})");
  CHECK(code_of(strict, R"({"a":"x","b":null})") == "NULL_NOT_ALLOWED b");
}

TEST_CASE("TYPE_MISMATCH says what was found and what was expected") {
  CHECK(outcome(order, R"({"id":5})") == "TYPE_MISMATCH id: expected string, found number 5");
  CHECK(outcome(order, R"({"id":true})") == "TYPE_MISMATCH id: expected string, found true");
  CHECK(outcome(order, R"({"id":{}})") == "TYPE_MISMATCH id: expected string, found an object");
  CHECK(outcome(order, R"({"id":[]})") == "TYPE_MISMATCH id: expected string, found an array");
  CHECK(with(R"("n":"12")") == "TYPE_MISMATCH n: expected int32, found string \"12\"");
  CHECK(with(R"("n":1.5)") ==
        "TYPE_MISMATCH n: expected int32, found number 1.5 (written with a point or an exponent)");
  CHECK(with(R"("n":1.0)") ==
        "TYPE_MISMATCH n: expected int32, found number 1.0 (written with a point or an exponent)");
  CHECK(code_with(R"("big":1e3)") == "TYPE_MISMATCH big");
  CHECK(with(R"("d":"n/a")") == "TYPE_MISMATCH d: expected double, found string \"n/a\"");
  CHECK(code_with(R"("m":"1.5")") == "TYPE_MISMATCH m");
  CHECK(code_with(R"("ok":1)") == "TYPE_MISMATCH ok");
  CHECK(code_with(R"("ok":"true")") == "TYPE_MISMATCH ok");
  CHECK(with(R"("t":"yesterday")") ==
        "TYPE_MISMATCH t: expected a timestamp such as \"2026-01-31T12:00:00Z\", found string \"yesterday\"");
  CHECK(code_with(R"("t":"2026-01-01T00:00:00")") == "TYPE_MISMATCH t");  // no zone
  CHECK(code_with(R"("t":1767225600)") == "TYPE_MISMATCH t");
  CHECK(code_with(R"("day":"2026-1-1")") == "TYPE_MISMATCH day");
  CHECK(with(R"("blob":"a*b=")") == "TYPE_MISMATCH blob: expected binary as a base64 string, found string \"a*b=\"");
  CHECK(with(R"("items":{})") ==
        "TYPE_MISMATCH items: expected an array (list<struct<price: decimal(6,2), tags: list<string>>>), found an "
        "object");
  CHECK(with(R"("to":[])") == "TYPE_MISMATCH to: expected an object, found an array");
  CHECK(outcome(order, "[1]") == "TYPE_MISMATCH : expected an object with the contract's fields, found an array");
  CHECK(outcome(order, "null") == "TYPE_MISMATCH : expected an object with the contract's fields, found null");
  CHECK(outcome(order, "\"a\"") == "TYPE_MISMATCH : expected an object with the contract's fields, found string \"a\"");
}

TEST_CASE("the field is the path to the value") {
  CHECK(code_with(R"("items":[{},{},{},{"price":"x"}])") == "TYPE_MISMATCH items[3].price");
  CHECK(code_with(R"("items":[{"tags":["a",1]}])") == "TYPE_MISMATCH items[0].tags[1]");
  CHECK(code_with(R"("to":{"zip":{"code":1e400}})") == "TYPE_MISMATCH to.zip.code");
  CHECK(code_with(R"("raw":{"a.b":[{"c d":1,"c d":2}]})") == R"(DUPLICATE_FIELD raw["a.b"][0]["c d"])");
  CHECK(code_with(R"("":{"":1,"":2})") == R"(DUPLICATE_FIELD [""][""])");
  CHECK(code_with(R"("raw":{"é":1,"é":2})") == R"(DUPLICATE_FIELD raw["é"])");
}

TEST_CASE("values in messages are cut and made harmless") {
  CHECK(with("\"n\":\"" + std::string(200, 'a') + "\"") ==
        "TYPE_MISMATCH n: expected int32, found string \"" + std::string(64, 'a') + "\"...");
  CHECK(with("\"n\":\"\xc2\x9b\xe2\x80\xae\x7f\"") ==
        "TYPE_MISMATCH n: expected int32, found string \"\\xc2\\x9b\\xe2\\x80\\xae\\x7f\"");
  const std::string cut = with("\"n\":\"" + std::string(63, 'a') + "\xe2\x82\xac\"");  // never half a character
  CHECK(cut == "TYPE_MISMATCH n: expected int32, found string \"" + std::string(63, 'a') + "\"...");
  CHECK(code_of(order, "{\"" + std::string(5000, 'k') + "\":1,\"" + std::string(5000, 'k') + "\":1}").size() < 300);
}

TEST_CASE("VALUE_NOT_ALLOWED") {
  FieldSpec state = required("state", "string");
  state.values = {"NEW", "DONE"};
  FieldSpec code = field("code", "string");
  code.pattern = "[A-Z]{3}";
  const ContractSpec spec = contract({state, code});
  CHECK(outcome(spec, R"({"state":"OPEN"})") ==
        "VALUE_NOT_ALLOWED state: \"OPEN\" is none of the 2 values of the contract");
  CHECK(outcome(spec, R"({"state":"NEW","code":"EURO"})") ==
        "VALUE_NOT_ALLOWED code: \"EURO\" does not match the pattern [A-Z]{3}");
  CHECK(code_of(spec, R"({"state":"NEW","code":"EUR"})") == "row");
  CHECK(code_of(spec, R"({"state":"N\u0045W","code":"E\u0055R"})") == "row");  // compared after unescaping
  CHECK(code_of(spec, R"({"state":"new"})") == "VALUE_NOT_ALLOWED state");
  // An expression that is exponential elsewhere.
  FieldSpec evil = required("e", "string");
  evil.pattern = "(a+)+b";
  CHECK(code_of(contract({evil}), "{\"e\":\"" + std::string(100'000, 'a') + "\"}") == "VALUE_NOT_ALLOWED e");
}

TEST_CASE("VALUE_OUT_OF_RANGE of types and of the contract") {
  CHECK(with(R"("n":2147483648)") == "VALUE_OUT_OF_RANGE n: number 2147483648 is beyond the range of int32");
  CHECK(code_with(R"("n":-2147483648)") == "row");
  CHECK(code_with(R"("n":-2147483649)") == "VALUE_OUT_OF_RANGE n");
  CHECK(code_with(R"("big":9223372036854775807)") == "row");
  CHECK(code_with(R"("big":-9223372036854775808)") == "row");
  CHECK(code_with(R"("big":9223372036854775808)") == "VALUE_OUT_OF_RANGE big");
  CHECK(code_with(R"("big":-9223372036854775809)") == "VALUE_OUT_OF_RANGE big");
  CHECK(code_with(R"("big":18446744073709551616)") == "VALUE_OUT_OF_RANGE big");
  CHECK(code_with(R"("big":99999999999999999999999999)") == "VALUE_OUT_OF_RANGE big");
  CHECK(with(R"("d":1e400)") == "VALUE_OUT_OF_RANGE d: number 1e400 is beyond the range of double");
  CHECK(code_with(R"("d":-1e400)") == "VALUE_OUT_OF_RANGE d");
  CHECK(code_with(R"("m":9999.99)") == "row");
  CHECK(with(R"("m":10000)") == "VALUE_OUT_OF_RANGE m: number 10000 is more digits than decimal(6,2) has");
  CHECK(with(R"("m":1.234)") ==
        "VALUE_OUT_OF_RANGE m: number 1.234 is more digits after the point than decimal(6,2) has");
  CHECK(code_with(R"("m":1e1000000000000)") == "VALUE_OUT_OF_RANGE m");
  CHECK(code_with(R"("t":"2026-02-30T00:00:00Z")") == "VALUE_OUT_OF_RANGE t");
  CHECK(code_with(R"("day":"2023-02-29")") == "VALUE_OUT_OF_RANGE day");
  FieldSpec n = field("n", "int32");
  n.min = 0;
  n.max = 10;
  CHECK(outcome(contract({n}), R"({"n":11})") ==
        "VALUE_OUT_OF_RANGE n: number 11, the contract's min is 0, the contract's max is 10");
  CHECK(code_of(contract({n}), R"({"n":10})") == "row");
  CHECK(code_of(contract({n}), R"({"n":-1})") == "VALUE_OUT_OF_RANGE n");
  FieldSpec d = field("d", "double");
  d.max = 0.3;
  CHECK(code_of(contract({d}), R"({"d":0.3})") == "row");
  CHECK(code_of(contract({d}), R"({"d":0.30000000000000004})") == "VALUE_OUT_OF_RANGE d");
}

TEST_CASE("DUPLICATE_FIELD at every depth, in what nobody reads too") {
  CHECK(outcome(order, R"({"id":"x","id":"x"})") == "DUPLICATE_FIELD id: the field is there twice in one object");
  CHECK(code_of(order, R"({"id":"x","\u0069d":"y"})") == "DUPLICATE_FIELD id");
  CHECK(code_with(R"("raw":{"a":1,"b":2,"a":3})") == "DUPLICATE_FIELD raw.a");
  CHECK(code_with(R"("raw":{"a":1,"\u0061":3})") == "DUPLICATE_FIELD raw.a");
  CHECK(code_with(R"("raw":[[{"a":{"b":{"c":1,"c":1}}}]])") == "DUPLICATE_FIELD raw[0][0].a.b.c");
  CHECK(code_with(R"("other":1,"other":2)") == "DUPLICATE_FIELD other");
  CHECK(code_with(R"("other":1,"\u006fther":2)") == "DUPLICATE_FIELD other");
  CHECK(code_with(R"("other":{"a":1,"a":2})") == "DUPLICATE_FIELD other.a");
  CHECK(code_with(R"("to":{"city":"a","city":"b"})") == "DUPLICATE_FIELD to.city");
  CHECK(code_with(R"("to":{"x":1,"x":2})") == "DUPLICATE_FIELD to.x");
  CHECK(code_with(R"("items":[{"price":1},{"price":2}])") == "row");  // two objects
  CHECK(code_with(R"("items":[{"price":1},{"price":2,"price":2}])") == "DUPLICATE_FIELD items[1].price");
  CHECK(code_with(R"("items":[{"u":1},{"u":2}])") == "row");
  CHECK(code_with(R"("raw":{"a":1,"A":2})") == "row");  // names differ by case
  std::string many = "\"raw\":{";
  for (int i = 0; i < 5000; ++i) many += "\"k" + std::to_string(i) + "\":1,";
  CHECK(code_with(many + "\"last\":1}") == "row");
  CHECK(code_with(many + "\"k4000\":1,\"k17\":1}") == "DUPLICATE_FIELD raw.k4000");  // the first in the text
  std::string strangers;
  for (int i = 0; i < 5000; ++i) strangers += "\"k" + std::to_string(i) + "\":1,";
  CHECK(code_with(strangers + "\"last\":1") == "row");
  CHECK(code_with(strangers + "\"k4999\":1") == "DUPLICATE_FIELD k4999");
  CHECK(code_with(strangers + "\"k3\":1") == "DUPLICATE_FIELD k3");
}

TEST_CASE("UNEXPECTED_FIELD where the contract says dead_letter") {
  ContractSpec spec = order;
  spec.drift.new_field = NewField::dead_letter;
  CHECK(outcome(spec, R"({"id":"x","other":1})") ==
        "UNEXPECTED_FIELD other: the contract has no such field (drift.new_field: dead_letter)");
  CHECK(code_of(spec, R"({"id":"x","to":{"country":"IT"}})") == "UNEXPECTED_FIELD to.country");
  CHECK(code_of(spec, R"({"ID":"x","id":"x"})") == "UNEXPECTED_FIELD ID");
}

TEST_CASE("of several problems: unreadable, then the first in the text, then missing") {
  CHECK(code_of(order, R"({"n":"x","big":"y"})") == "TYPE_MISMATCH n");
  CHECK(code_of(order, R"({"big":"y","n":"x"})") == "TYPE_MISMATCH big");
  CHECK(code_of(order, R"({"n":"x"} x)") == "JSON_PARSE_ERROR");
  CHECK(code_of(order, R"({"n":"x","raw":{"a":1,"a":2}})") == "TYPE_MISMATCH n");
  CHECK(code_of(order, R"({"raw":{"a":1,"a":2,"b":[1,2]},"n":"x"})") == "DUPLICATE_FIELD raw.a");
  CHECK(code_of(order, R"({"n":3000000000,"n":"x"})") == "VALUE_OUT_OF_RANGE n");
}

TEST_CASE("a small text cannot ask for columns without bound") {
  std::string wide = "list<struct<";
  for (int i = 0; i < 100; ++i) wide += (i > 0 ? ", f" : "f") + std::to_string(i) + ": string";
  const ContractSpec spec = contract({field("l", wide + ">>"), field("raw", "json")});
  const auto with_elements = [](std::string_view name, int count) {
    std::string text = "{\"" + std::string(name) + "\":[{}";
    for (int i = 1; i < count; ++i) text += ",{}";
    return text + "]}";
  };
  CHECK(code_of(spec, with_elements("l", 40'000)) == "row");
  CHECK(outcome(spec, with_elements("l", 50'000)) ==
        "RECORD_TOO_LARGE l[41916]: the elements of its arrays take more than 64 MiB as columns");
  CHECK(code_of(spec, with_elements("raw", 50'000)) == "row");
}
