// What values become: to the last digit, bit and byte.
#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "formats/base64.h"
#include "formats/json_number.h"
#include "formats/json_text.h"
#include "formats/records.h"
#include "formats/time_text.h"

using namespace weir;
using namespace weir::test;

namespace {

JsonNumber number_of(std::string_view text) {
  JsonNumber number;
  REQUIRE(scan_number(text.data(), text.data() + text.size(), number));
  REQUIRE(number.end == text.data() + text.size());
  return number;
}

double double_of(std::string_view text) { return to_double(number_of(text)); }

// The scaled integer as text, '~' where digits were cut off, "none" beyond 38 digits.
std::string scaled(std::string_view text, std::uint8_t scale) {
  const auto value = to_scaled(number_of(text), scale);
  if (!value) return "none";
  auto rest = value->value < 0 ? 0 - static_cast<unsigned __int128>(value->value)
                               : static_cast<unsigned __int128>(value->value);
  std::string out;
  do out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  while ((rest /= 10) > 0);
  return (value->exact ? "" : "~") + std::string(value->value < 0 ? "-" : "") + out;
}

std::string timestamp(std::string_view text) {
  std::int64_t micros = 0;
  switch (parse_rfc3339(text, micros)) {
    case TimeText::malformed: return "malformed";
    case TimeText::impossible: return "impossible";
    case TimeText::ok: break;
  }
  char out[time_text_max];
  return {out, write_timestamp(micros, out, true)};
}

}  // namespace

TEST_CASE("doubles are rounded to the nearest") {
  for (const char* text : {"0",
                           "-0",
                           "0.1",
                           "0.3",
                           "1e22",
                           "1e23",
                           "9007199254740993",
                           "9007199254740992.5",
                           "123456789012345678901234567890",
                           "1.7976931348623157e308",
                           "2.2250738585072014e-308",
                           "4.9e-324",
                           "2.4703282292062328e-324",
                           "2.47e-324",
                           "0.000000000000000000000000000000000000000000000000001e60",
                           "7.2057594037927933e16",
                           "5e-1",
                           "1.5e+3",
                           "1000000000000000000000000000000000000000e-39",
                           "3.141592653589793238462643383279502884197"}) {
    INFO(text);
    const double ours = double_of(text);
    const double theirs = std::strtod(text, nullptr);
    CHECK(std::memcmp(&ours, &theirs, sizeof ours) == 0);
  }
  CHECK(std::isinf(double_of("1e400")));
  CHECK(double_of("-1e400") == -INFINITY);
  CHECK(std::isinf(double_of("1.7976931348623159e308")));
  CHECK(double_of("1e-400") == 0);
  CHECK(std::signbit(double_of("-1e-400")));
  CHECK(std::isinf(double_of(std::string(400, '9'))));
  CHECK(std::isinf(double_of(std::string(1000, '1') + "e-500")));
  CHECK(double_of("0." + std::string(400, '0') + "12345678901234567890123") == 0);
  CHECK(double_of("1e999999999999999999999") == INFINITY);
  CHECK(double_of("0e999999999999999999999") == 0);
  CHECK(double_of("1e-999999999999999999999") == 0);
}

TEST_CASE("integers never pass through a double") {
  CHECK(to_int64(number_of("9007199254740993")) == 9007199254740993);
  CHECK(to_int64(number_of("9223372036854775807")) == INT64_MAX);
  CHECK(to_int64(number_of("-9223372036854775808")) == INT64_MIN);
  CHECK_FALSE(to_int64(number_of("9223372036854775808")));
  CHECK_FALSE(to_int64(number_of("-9223372036854775809")));
  CHECK_FALSE(to_int64(number_of("18446744073709551617")));  // 2^64 + 1 must not wrap to 1
  CHECK(to_int64(number_of("-0")) == 0);
}

TEST_CASE("decimals are taken by their digits") {
  CHECK(scaled("0.1", 1) == "1");
  CHECK(scaled("0.30000000000000004", 17) == "30000000000000004");
  CHECK(scaled("-12.3", 2) == "-1230");
  CHECK(scaled("1.2300", 2) == "123");
  CHECK(scaled("1.239", 2) == "~123");
  CHECK(scaled("-1.239", 2) == "~-124");  // floor
  CHECK(scaled("15e-1", 2) == "150");
  CHECK(scaled("1.5e3", 0) == "1500");
  CHECK(scaled("0.00", 2) == "0");
  CHECK(scaled("0e99999999999", 2) == "0");
  CHECK(scaled("1e99999999999", 2) == "none");
  CHECK(scaled("1e-99999999999", 2) == "~0");
  CHECK(scaled("99999999999999999999999999999999999999", 0) == "99999999999999999999999999999999999999");
  CHECK(scaled("-99999999999999999999999999999999999999", 0) == "-99999999999999999999999999999999999999");
  CHECK(scaled("100000000000000000000000000000000000000", 0) == "none");
  CHECK(scaled("9999999999999999999999999999.9999999999", 10) == "99999999999999999999999999999999999999");
  CHECK(scaled("9999999999999999999999999999.99999999990000000000000000", 10) ==
        "99999999999999999999999999999999999999");
  CHECK(scaled("9999999999999999999999999999.99999999991", 10) == "~99999999999999999999999999999999999999");
  CHECK(scaled("1234567890123456789", 19) == "12345678901234567890000000000000000000");
  CHECK(scaled("12345678901234567890", 0) == "12345678901234567890");
  CHECK(scaled("12345678901234567890e-20", 2) == "~12");
  CHECK(scaled("12345678901234567890e-25", 2) == "~0");
  CHECK(scaled("0.00000000000000000000000000000000000001", 38) == "1");
  CHECK(scaled("0.000000000000000000000000000000000000001", 38) == "~0");
  CHECK(scaled("1000000000000000000000000e-24", 2) == "100");
}

TEST_CASE("every width of decimal holds its extremes") {
  for (const char* type : {"decimal(4,2)", "decimal(9,2)", "decimal(18,2)", "decimal(38,10)", "decimal(38,0)",
                           "decimal(38,38)", "decimal(5,0)"}) {
    INFO(type);
    const auto parsed = Contract::compile(contract({field("d", type)}));
    REQUIRE(parsed);
    const Type& t = parsed->fields()[0].type;
    std::string digits(t.width, '9');
    if (t.scale > 0) digits.insert(digits.end() - t.scale, '.');
    if (digits.starts_with('.')) digits.insert(0, "0");
    const ContractSpec spec = contract({field("d", type)});
    for (const std::string& text : {digits, "-" + digits})
      CHECK(outcome(spec, "{\"d\":" + text + "}") == "{\"d\":" + text + "}");
    CHECK(code_of(spec, "{\"d\":1" + std::string(t.width - t.scale, '0') + "}") == "VALUE_OUT_OF_RANGE d");
    CHECK(code_of(spec, "{\"d\":-1" + std::string(t.width - t.scale, '0') + "}") == "VALUE_OUT_OF_RANGE d");
  }
}

TEST_CASE("timestamps") {
  CHECK(timestamp("2026-01-31T12:34:56Z") == "2026-01-31T12:34:56Z");
  CHECK(timestamp("2026-01-31t12:34:56z") == "2026-01-31T12:34:56Z");
  CHECK(timestamp("2026-01-31 12:34:56Z") == "2026-01-31T12:34:56Z");
  CHECK(timestamp("2026-01-31T12:34:56.5Z") == "2026-01-31T12:34:56.5Z");
  CHECK(timestamp("2026-01-31T12:34:56.123456789Z") == "2026-01-31T12:34:56.123456Z");
  CHECK(timestamp("1969-12-31T23:59:59.999999999Z") == "1969-12-31T23:59:59.999999Z");
  CHECK(timestamp("2026-01-31T00:30:00+02:00") == "2026-01-30T22:30:00Z");
  CHECK(timestamp("2026-01-31T23:30:00.25-05:45") == "2026-02-01T05:15:00.25Z");
  CHECK(timestamp("0000-01-01T00:00:00Z") == "0000-01-01T00:00:00Z");
  CHECK(timestamp("9999-12-31T23:59:59.999999Z") == "9999-12-31T23:59:59.999999Z");
  CHECK(timestamp("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00Z");
  CHECK(timestamp("2000-02-29T00:00:00Z") == "2000-02-29T00:00:00Z");
  CHECK(timestamp("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00Z");
  CHECK(timestamp("2017-01-01T08:59:60.5+09:00") == "2017-01-01T00:00:00Z");
  for (const char* text :
       {"2016-12-31T12:59:60Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z", "2026-01-01T00:00:00+24:00", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"})
    CHECK(timestamp(text) == "impossible");
  for (const char* text :
       {"", "2026-01-31", "2026-01-31T12:34:56", "2026-01-31T12:34Z", "2026-01-31T12:34:56+0200",
        "2026-01-31T12:34:56.Z", "2026-01-31T12:34:56,5Z", "2026-01-31T12:34:56Z ", " 2026-01-31T12:34:56Z",
        "20260131T123456Z00000", "2026-01-31T1 :34:56Z", "+026-01-31T12:34:56Z", "2026-01-31T12:34:56 Z",
        "2026-01-31T12:34:56+2:00", "2026/01/31T12:34:56Z", "2026-01-31T12:34:5xZ"})
    CHECK(timestamp(text) == "malformed");
}

TEST_CASE("timestamps agree with the clock's own text, over the years") {
  std::int64_t micros = micros_lowest;
  for (int i = 0; i < 20'000; ++i, micros += 15'778'123'456'789) {
    if (micros > micros_highest) break;
    std::int64_t back = 0;
    REQUIRE(parse_rfc3339(format_rfc3339(Micros(micros)), back) == TimeText::ok);
    REQUIRE(back == micros);
    char out[time_text_max];
    REQUIRE(parse_rfc3339({out, write_timestamp(micros, out, true)}, back) == TimeText::ok);
    REQUIRE(back == micros);
  }
}

TEST_CASE("texts of times outside what JSON carries in") {
  char out[time_text_max];
  const auto text = [&](std::int64_t micros) { return std::string(out, write_timestamp(micros, out, true)); };
  CHECK(text(INT64_MAX) == "infinity");
  CHECK(text(-INT64_MAX) == "-infinity");
  CHECK(text(micros_highest + 1) == "+10000-01-01T00:00:00Z");
  CHECK(text(micros_lowest - 1) == "-1-12-31T23:59:59.999999Z");
  CHECK(text(INT64_MAX - 1).size() < time_text_max);
  CHECK(text(INT64_MIN).size() < time_text_max);
  CHECK(std::string(out, write_date(INT32_MIN, out)).size() < time_text_max);
  CHECK(std::string(out, write_date(INT32_MAX, out)) == "infinity");
}

TEST_CASE("epoch timestamps are exact, and cut off below the microsecond") {
  FieldSpec t = field("t", "timestamp");
  const auto with = [&](TimestampFormat format, const std::string& number) {
    t.format = format;
    return outcome(contract({t}), "{\"t\":" + number + "}");
  };
  CHECK(with(TimestampFormat::epoch_seconds, "1767225600") == R"({"t":"2026-01-01T00:00:00Z"})");
  CHECK(with(TimestampFormat::epoch_seconds, "1767225600.1234567") == R"({"t":"2026-01-01T00:00:00.123456Z"})");
  CHECK(with(TimestampFormat::epoch_seconds, "-0.0000001") == R"({"t":"1969-12-31T23:59:59.999999Z"})");
  CHECK(with(TimestampFormat::epoch_seconds, "1.7672256e9") == R"({"t":"2026-01-01T00:00:00Z"})");
  CHECK(with(TimestampFormat::epoch_millis, "1767225600123") == R"({"t":"2026-01-01T00:00:00.123Z"})");
  CHECK(with(TimestampFormat::epoch_micros, "1767225600123456") == R"({"t":"2026-01-01T00:00:00.123456Z"})");
  CHECK(
      with(TimestampFormat::epoch_seconds, "1767225600000")
          .find("VALUE_OUT_OF_RANGE t: number 1767225600000 is not in the years 0 to 9999 as a timestamp as seconds") ==
      0);
  CHECK(with(TimestampFormat::epoch_millis, "1e400").find("VALUE_OUT_OF_RANGE t") == 0);
  CHECK(with(TimestampFormat::epoch_millis, "\"2026-01-01T00:00:00Z\"")
            .find("TYPE_MISMATCH t: expected a timestamp as milliseconds since 1970") == 0);
}

TEST_CASE("dates and binary") {
  const ContractSpec spec = contract({field("d", "date"), field("b", "binary")});
  CHECK(outcome(spec, R"({"d":"1969-12-31","b":"AAH/"})") == R"({"d":"1969-12-31","b":"AAH/"})");
  CHECK(outcome(spec, R"({"d":"0000-01-01","b":""})") == R"({"d":"0000-01-01","b":""})");
  CHECK(outcome(spec, R"({"d":"9999-12-31","b":"YQ"})") == R"({"d":"9999-12-31","b":"YQ=="})");
}

TEST_CASE("base64") {
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
                                   std::string("foob"), std::string("\0\xff\x80", 3), std::string(1000, '\xfb')}) {
    std::string text;
    append_base64(bytes, text);
    CHECK(text.size() % 4 == 0);
    CHECK(decode_base64(text) == bytes);
    while (text.ends_with('=')) text.pop_back();
    CHECK(decode_base64(text) == bytes);
  }
  std::string text;
  append_base64("fooba", text);
  CHECK(text == "Zm9vYmE=");
  for (const char* bad :
       {"A", "AAAAA", "AB==", "ABC=D", "A===", "====", "AA=", "AA===", "AA AA", "AA\n", "AA-_", "A=A="})
    CHECK_FALSE(decode_base64(bad));
}

TEST_CASE("a json field keeps its text as written") {
  const ContractSpec spec = contract({field("raw", "json")});
  CHECK(outcome(spec, R"({"raw": {"a" : [1.50, 1e400, 12345678901234567890123] }  })") ==
        R"({"raw":{"a" : [1.50, 1e400, 12345678901234567890123] }})");
  CHECK(outcome(spec, R"({"raw":"a\u0041"})") == R"({"raw":"a\u0041"})");
  CHECK(outcome(spec, R"({"raw":1.0})") == R"({"raw":1.0})");
  CHECK(outcome(spec, "{\"raw\":true \r\n}") == R"({"raw":true})");
  CHECK(outcome(spec, R"({"raw":null})") == R"({"raw":null})");
  CHECK(outcome(spec, "{\"raw\":{\"a\":\n1}}") == R"({"raw":{"a": 1}})");  // rows are written on one line
}

TEST_CASE("JSON strings") {
  const auto text = [](std::string_view bytes) {
    std::string out;
    append_json_string(bytes, out);
    return out;
  };
  CHECK(text("plain text of some length, longer than a word") == "\"plain text of some length, longer than a word\"");
  CHECK(text("a\"b\\c\n\r\t\b\f\x01\x1f\x7f/") == "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\\u0001\\u001f\x7f/\"");
  CHECK(text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
  CHECK(text("a\xff"
             "b\xc3") ==
        "\"a\xef\xbf\xbd"
        "b\xef\xbf\xbd\"");
  CHECK(text("\xed\xa0\x80x") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"");
  CHECK(text(std::string_view("\0", 1)) == "\"\\u0000\"");
}
