#include "formats/dead_letter.h"

#include <catch2/catch.hpp>

#include "formats/base64.h"
#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string base64(std::string_view bytes) {
  std::string out;
  append_base64(bytes, out);
  return out;
}

const DeadLetterContext context{0xabc, BatchNumber(42), Micros(1'767'225'600'000'000), "team@example.com"};

}  // namespace

TEST_CASE("the table of dead letters") {
  CHECK(to_string(dead_letter_schema()) ==
        "value binary, key binary, headers list<struct<name: string, value: binary>>, topic string, partition int32, "
        "offset int64, "
        "timestamp timestamp, code string, field string, message string, step string, rule string, owner string, "
        "contract string, "
        "spec_hash string, batch int64, time timestamp, _src uint64");
}

TEST_CASE("a dead letter keeps the record as it came") {
  Records records;
  const std::string bytes("\0\xff not JSON", 11);
  records.add(R"({"id":"fine"})").add(bytes, "k\xff", {{"h", "v"}}).add(std::nullopt).add("", "");
  auto decoded = decoder_of(contract({required("id", "string")}))->decode(records.batch(), 1);
  REQUIRE(decoded->rejected.size() == 3);
  decoded->rejected[1].rule = "a rule";
  decoded->rejected[1].owner = "other@example.com";
  const DeadLetterInput inputs[] = {{}, {&records.batch(), nullptr, "ride.v1"}};
  const Batch letters = make_dead_letters(decoded->rejected, inputs, context);
  const std::string place = R"("topic":"rides","partition":3,"offset":)";
  const std::string time = R"(,"timestamp":"2026-01-01T00:00:00Z",)";
  const std::string tail =
      R"("contract":"ride.v1","spec_hash":"0000000000000abc","batch":42,"time":"2026-01-01T00:00:00Z"})";
  const auto texts = rows(letters);
  REQUIRE(texts.size() == 3);
  CHECK(
      texts[0] ==
      "{\"value\":\"" + base64(bytes) + R"(","key":"a/8=","headers":[{"name":"h","value":"dg=="}],)" + place + "101" +
          time +
          R"("code":"INVALID_UTF8","field":null,"message":"not UTF-8 at byte 1: \\xff no","step":"source","rule":null,"owner":"team@example.com",)" +
          tail);
  CHECK(
      texts[1] ==
      R"({"value":null,"key":null,"headers":[],)" + place + "102" + time +
          R"x("code":"NULL_VALUE","field":null,"message":"the record has no value (a tombstone)","step":"source","rule":"a rule",)x" +
          R"("owner":"other@example.com",)" + tail);
  CHECK(texts[2].starts_with(R"({"value":"","key":"","headers":[],)" + place + "103"));
  CHECK(letters.src() == std::vector<std::uint64_t>{make_src(1, 1), make_src(1, 2), make_src(1, 3)});
}

TEST_CASE("rows of a source with columns are kept as JSON") {
  const Decoded decoded = decode(contract({required("id", "string"), field("n", "int32")}),
                                 {R"({"id":"a","n":1})", R"({"id":"b"})", R"({"id":"c"})"});
  const DeadLetterInput inputs[] = {{nullptr, &decoded.rows, ""}};
  std::vector<Rejected> rejected(2);
  rejected[0] = {make_src(0, 0), Code::expectation_failed, "", "n > 1 is not TRUE", "known",
                 "n_above_1",    "x@example.com"};
  rejected[1] = {make_src(0, 2), Code::expression_error, "", "overflow", "big"};
  const auto texts = rows(make_dead_letters(rejected, inputs, context));
  REQUIRE(texts.size() == 2);
  CHECK(
      texts[0] ==
      "{\"value\":\"" + base64(R"({"id":"a","n":1})") +
          R"(","key":null,"headers":null,"topic":null,"partition":null,"offset":null,"timestamp":null,"code":"EXPECTATION_FAILED","field":null,)"
          R"("message":"n > 1 is not TRUE","step":"known","rule":"n_above_1","owner":"x@example.com","contract":null,)"
          R"("spec_hash":"0000000000000abc","batch":42,"time":"2026-01-01T00:00:00Z"})");
  CHECK(texts[1].starts_with("{\"value\":\"" + base64(R"({"id":"c","n":null})") + "\""));
}

TEST_CASE("rows that a step made are kept as JSON, each maker's apart") {
  Records records;
  records.add(R"({"n":1})");
  records.add(R"({"n":2})");
  const auto decoder = decoder_of(contract({field("n", "int32")}));
  const Batch first = decoder->decode(records.batch(), made_source)->rows;
  const Batch second = decoder->decode(records.batch(), made_source - 1)->rows;
  const DeadLetterInput inputs[] = {{&records.batch(), nullptr, "c"}};
  const std::uint64_t only[] = {0};
  const Batch made[] = {take_rows(first, only), second};
  const std::vector<Rejected> rejected = {{made_src(1, 1), Code::sink_rejected, "n", "too large", "out"},
                                          {made_src(0), Code::sink_rejected, "n", "too large", "out"}};
  const auto texts = rows(make_dead_letters(rejected, inputs, context, made));
  REQUIRE(texts.size() == 2);
  CHECK(texts[0].starts_with("{\"value\":\"" + base64(R"({"n":2})") + "\",\"key\":null"));
  CHECK(texts[1].starts_with("{\"value\":\"" + base64(R"({"n":1})") + "\",\"key\":null"));
}

TEST_CASE("many dead letters, and none") {
  Records records;
  for (int i = 0; i < 5000; ++i)
    records.add("record " + std::to_string(i), std::nullopt, {{"h", "v"}, {"g", std::nullopt}});
  const auto decoded = decoder_of(contract({field("id", "string")}))->decode(records.batch(), 0);
  const DeadLetterInput inputs[] = {{&records.batch(), nullptr, "c"}};
  const Batch letters = make_dead_letters(decoded->rejected, inputs, context);
  const auto texts = rows(letters);
  REQUIRE(texts.size() == 5000);
  for (int i = 0; i < 5000; ++i)
    REQUIRE(texts[static_cast<std::size_t>(i)].starts_with(
        "{\"value\":\"" + base64("record " + std::to_string(i)) +
        R"(","key":null,"headers":[{"name":"h","value":"dg=="},{"name":"g","value":null}],)"));
  CHECK(make_dead_letters({}, inputs, context).rows() == 0);
  CHECK(make_dead_letters({}, inputs, context).schema() == dead_letter_schema());
}
