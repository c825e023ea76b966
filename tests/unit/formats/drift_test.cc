// Records that differ from their contract: what the policy makes of them, and what is counted.
#include <catch2/catch.hpp>

#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string shown(const std::vector<DriftCount>& drift) {
  std::string out;
  for (const DriftCount& count : drift)
    out += std::string(out.empty() ? "" : ", ") + std::string(to_string(count.kind)) + " " + count.field + " " +
           std::to_string(count.records);
  return out;
}

ContractSpec items() {
  return contract({required("id", "string"), field("n", "int64"), field("items", "list<struct<price: double>>")});
}

}  // namespace

TEST_CASE("unknown fields are left out, and counted once a record") {
  const Decoded decoded = decode(items(), {R"({"id":"a","x":1,"items":[{"y":1},{"y":2,"price":3}]})",
                                           R"({"id":"b","x":[1,{"z":2}]})", R"({"id":"c"})"});
  CHECK(rows(decoded.rows) == std::vector<std::string>{R"({"id":"a","n":null,"items":[{"price":null},{"price":3}]})",
                                                       R"({"id":"b","n":null,"items":null})",
                                                       R"({"id":"c","n":null,"items":null})"});
  CHECK(shown(decoded.drift) == "new_field x 2, new_field items[].y 1");
}

TEST_CASE("counts start anew with every batch") {
  const auto decoder = decoder_of(items());
  Records records;
  records.add(R"({"id":"a","x":1})");
  CHECK(shown(decoder->decode(records.batch(), 0)->drift) == "new_field x 1");
  CHECK(shown(decoder->decode(records.batch(), 0)->drift) == "new_field x 1");
  Records none;
  none.add(R"({"id":"a"})");
  CHECK(decoder->decode(none.batch(), 0)->drift.empty());
}

TEST_CASE("unreadable records are no drift; refused ones are") {
  CHECK(decode(items(), {R"({"id":"a","x":1} x)"}).drift.empty());
  const Decoded refused = decode(items(), {R"({"n":"a","x":1})"});
  CHECK(refused.rows.empty());
  CHECK(shown(refused.drift) == "new_field x 1, missing_field id 1, type_change n 1");
}

TEST_CASE("keep_raw puts unknown fields into _extra by their path, as written") {
  ContractSpec spec = items();
  spec.drift.new_field = NewField::keep_raw;
  CHECK(outcome(spec, R"({"id":"a"})") == R"({"id":"a","n":null,"items":null,"_extra":null})");
  CHECK(
      outcome(spec, R"({"x": {"a" : 1.50} ,"id":"a","items":[{"y":"z"}],"q.r":null,"s\u0041":[1e400]})") ==
      R"({"id":"a","n":null,"items":[{"price":null}],"_extra":{"x":{"a" : 1.50},"items[0].y":"z","[\"q.r\"]":null,"sA":[1e400]}})");
  const Decoded decoded = decode(spec, {R"({"id":"a","x":1})", R"({"x":1})", R"({"id":"b"})", R"({"id":"c","y":2})"});
  CHECK(rows(decoded.rows) == std::vector<std::string>{R"({"id":"a","n":null,"items":null,"_extra":{"x":1}})",
                                                       R"({"id":"b","n":null,"items":null,"_extra":null})",
                                                       R"({"id":"c","n":null,"items":null,"_extra":{"y":2}})"});
  // What is kept has passed every check.
  CHECK(code_of(spec, R"({"id":"a","x":{"b":1,"b":2}})") == "DUPLICATE_FIELD x.b");
}

TEST_CASE("missing_field: null serves only fields that may be null") {
  ContractSpec spec = items();
  FieldSpec soft = field("soft", "string");
  soft.required = true;
  spec.fields.push_back(soft);
  CHECK(code_of(spec, R"({"id":"a"})") == "MISSING_FIELD soft");
  spec.drift.missing_field = MissingField::null;
  CHECK(outcome(spec, R"({"id":"a"})") == R"({"id":"a","n":null,"items":null,"soft":null})");
  CHECK(code_of(spec, R"({"soft":"a"})") == "MISSING_FIELD id");
  CHECK(shown(decode(spec, {R"({"id":"a"})", R"({"id":"a","soft":null})"}).drift) == "missing_field soft 1");
}

TEST_CASE("type_change: null puts null in the place that changed, where it may") {
  ContractSpec spec = items();
  spec.drift.type_change = TypeChange::null;
  CHECK(outcome(spec, R"({"id":"a","n":"5","items":[{"price":"x"},7,{"price":2}]})") ==
        R"({"id":"a","n":null,"items":[{"price":null},null,{"price":2}]})");
  CHECK(outcome(spec, R"({"id":"a","n":1.5})") == R"({"id":"a","n":null,"items":null})");
  CHECK(code_of(spec, R"({"id":5})") == "TYPE_MISMATCH id");
  CHECK(code_of(spec, R"({"id":"a","n":99999999999999999999})") == "VALUE_OUT_OF_RANGE n");  // the type is right
  CHECK(code_of(spec, R"({"id":"a","n":{"b":1,"b":1}})") == "DUPLICATE_FIELD n.b");
  CHECK(shown(decode(spec, {R"({"id":"a","n":"5","items":[{"price":"x"},{"price":"y"}]})"}).drift) ==
        "type_change items[].price 1, type_change n 1");
}

TEST_CASE("names without end are counted, not kept") {
  const auto decoder = decoder_of(items());
  Records records;
  for (int i = 0; i < 2000; ++i) records.add("{\"id\":\"a\",\"x" + std::to_string(i) + "\":1}");
  const auto decoded = decoder->decode(records.batch(), 0);
  CHECK(decoded->rows.rows() == 2000);
  CHECK(decoded->drift.size() == 257);
  CHECK(decoded->drift.front() == DriftCount{DriftKind::new_field, "@others", 2000 - 256});
  // A later record with the contract's own fields is read as ever.
  Records good;
  good.add(R"({"n":5,"id":"b","items":[]})");
  CHECK(rows(decoder->decode(good.batch(), 0)->rows).at(0) == R"({"id":"b","n":5,"items":[]})");
}

TEST_CASE("the order of fields may change from record to record") {
  const ContractSpec spec =
      contract({field("a", "int32"), field("b", "int32"), field("c", "int32"), field("d", "int32")});
  const auto decoder = decoder_of(spec);
  std::vector<std::string> names{"a", "b", "c", "d", "u", "v"};
  Records records;
  std::vector<std::string> want;
  unsigned seed = 1;
  for (int i = 0; i < 3000; ++i) {
    for (std::size_t j = names.size() - 1; j > 0; --j)
      std::swap(names[j], names[(seed = seed * 1664525 + 1013904223) >> 16 & 0xffff % (j + 1) % names.size()]);
    std::string text = "{";
    std::string values[4] = {"null", "null", "null", "null"};
    const std::size_t count = i % 7;
    for (std::size_t j = 0; j < count && j < names.size(); ++j) {
      text += (j > 0 ? ",\"" : "\"") + names[j] + "\":" + std::to_string(i);
      if (names[j] < "e") values[names[j][0] - 'a'] = std::to_string(i);
    }
    records.add(text + "}");
    want.push_back("{\"a\":" + values[0] + ",\"b\":" + values[1] + ",\"c\":" + values[2] + ",\"d\":" + values[3] + "}");
  }
  const auto decoded = decoder->decode(records.batch(), 0);
  CHECK(decoded->rejected.empty());
  CHECK(rows(decoded->rows) == want);
}
