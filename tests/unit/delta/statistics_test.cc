#include "delta/statistics.h"

#include "base/json.h"
#include "delta/delta_fixture.h"

using namespace weir;
using namespace weir::test;

namespace {

std::string emoji(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "😀";
  return out;
}

// Of the rows that `sql` gives.
std::string text_of(const std::string& sql, std::int64_t indexed = 32) {
  const auto io = open_session(SessionKind::io);
  const Batch rows = batch_of(*io, sql);
  delta::Layout layout = delta::fit({}, rows.schema(), {}, true).value().layout;
  layout.indexed_columns = indexed;
  return delta::statistics(*io, layout, rows).value();
}

Json stats(const std::string& sql, std::int64_t indexed = 32) { return parse_json(text_of(sql, indexed)).value(); }

std::string values(const std::string& list) { return "SELECT * FROM (VALUES " + list + ") t(v)"; }

}  // namespace

TEST_CASE("numbers are exact, nulls are counted") {
  CHECK(
      text_of(values("(9007199254740993), (NULL), (-9223372036854775808)")) ==
      R"({"numRecords":3,"minValues":{"v":-9223372036854775808},"maxValues":{"v":9007199254740993},"nullCount":{"v":1}})");
  CHECK(
      text_of(values("(CAST('9999999999999999999999999999.9999999999' AS DECIMAL(38,10))), (0.5)")) ==
      R"({"numRecords":2,"minValues":{"v":0.5000000000},"maxValues":{"v":9999999999999999999999999999.9999999999},"nullCount":{"v":0}})");
  const Json none = stats(values("(CAST(NULL AS INTEGER)), (NULL)"));
  CHECK(none["minValues"] == Json::object());
  CHECK(none["maxValues"] == Json::object());
  CHECK(none["nullCount"]["v"] == 2);
}

TEST_CASE("a NaN or an infinity leaves min and max of that column out, a zero is as wide as it can be") {
  for (const char* odd : {"'nan'", "'inf'", "'-inf'"}) {
    const Json found =
        stats("SELECT CAST(v AS DOUBLE) AS v, CAST(v AS FLOAT) AS f, 1 AS i FROM (VALUES (1.5), (NULL), (CAST(" +
              std::string(odd) + " AS DOUBLE))) t(v)");
    CHECK(found["minValues"] == Json({{"i", 1}}));
    CHECK(found["maxValues"] == Json({{"i", 1}}));
    CHECK(found["nullCount"] == Json({{"v", 1}, {"f", 1}, {"i", 0}}));
  }
  CHECK(text_of(values("(CAST(0.0 AS DOUBLE))")) ==
        R"({"numRecords":1,"minValues":{"v":-0.0},"maxValues":{"v":0.0},"nullCount":{"v":0}})");
  const Json found = stats(values("(CAST(1e300 AS DOUBLE)), (-1e-300)"));
  CHECK(found["minValues"]["v"].get<double>() == -1e-300);
  CHECK(found["maxValues"]["v"].get<double>() == 1e300);
  CHECK(stats(values("(CAST(0.1 AS FLOAT))"))["minValues"]["v"].get<double>() == static_cast<double>(0.1F));
}

TEST_CASE("timestamps in milliseconds, min down and max up; outside the years 1 to 9999 there are no bounds") {
  const Json found =
      stats(values("(TIMESTAMPTZ '1960-01-01 00:00:00.000001+00'), (TIMESTAMPTZ '2026-01-01 00:00:00.999999+00')"));
  CHECK(found["minValues"]["v"] == "1960-01-01T00:00:00.000Z");
  CHECK(found["maxValues"]["v"] == "2026-01-01T00:00:01.000Z");
  CHECK(stats(values("(TIMESTAMPTZ '2026-01-01 00:00:00.5+00')"))["maxValues"]["v"] == "2026-01-01T00:00:00.500Z");
  for (const char* odd :
       {"'infinity'", "'-infinity'", "'0044-03-15 (BC) 00:00:00+00'", "'9999-12-31 23:59:59.9999+00'"})
    CHECK(stats(values("(CAST(" + std::string(odd) + " AS TIMESTAMPTZ))"))["maxValues"] == Json::object());
  const Json days = stats(values("(DATE '1969-12-31'), (DATE '0001-01-01')"));
  CHECK(days["minValues"]["v"] == "0001-01-01");
  CHECK(days["maxValues"]["v"] == "1969-12-31");
  CHECK(stats(values("(DATE '2026-01-01'), (CAST('infinity' AS DATE))"))["maxValues"] == Json::object());
}

TEST_CASE("texts are cut to 32 units of UTF-16, a cut max sorts after what was cut, FAULTS 58") {
  using delta::truncated_max;
  using delta::truncated_min;
  const std::string z(40, 'z');
  CHECK(truncated_min(z) == std::string(32, 'z'));
  CHECK(truncated_max(z) == std::string(32, 'z') + "\x7F");
  CHECK(truncated_max(std::string(32, 'z')) == std::string(32, 'z'));
  CHECK(truncated_min(emoji(40)) == emoji(16));
  CHECK(truncated_max(emoji(40)) == emoji(16) + "\xF4\x8F\xBF\xBF");
  CHECK(truncated_min(std::string(31, 'a') + emoji(2)) == std::string(31, 'a'));
  CHECK(truncated_max(std::string(32, 'a') + "\x7F") == std::string(32, 'a') + "\xF4\x8F\xBF\xBF");
  CHECK_FALSE(truncated_max(std::string(32, 'a') + "\xF4\x8F\xBF\xBF").has_value());
  for (const std::string& text :
       {z, emoji(40), std::string(32, 'a') + "é", std::string(31, 'x') + "éé\n", std::string(33, '\0')}) {
    CHECK(truncated_min(text) <= text);
    CHECK(*truncated_max(text) >= text);
  }
  const Json found = stats("SELECT repeat('z', 40) AS v, 'a\"' || chr(10) || chr(0) AS quoted");
  CHECK(found["maxValues"]["v"] == std::string(32, 'z') + "\x7F");
  CHECK(found["maxValues"]["quoted"] == std::string("a\"\n\0", 4));
  const Json open = stats("SELECT repeat('a', 32) || chr(1114111) AS v");
  CHECK(open["minValues"] == Json::object());
  CHECK(open["maxValues"] == Json::object());
}

TEST_CASE("types without bounds still count their nulls; structs are mirrored") {
  const Json found = stats(
      "SELECT true AS b, CAST('x' AS BLOB) AS bin, [1] AS l, MAP {'k': 1} AS m, "
      "{'x': 1, 'in': {'y': 'u', 'n': CAST(NULL AS INTEGER), 'l': [1]}} AS st UNION ALL "
      "SELECT NULL, NULL, NULL, NULL, NULL");
  CHECK(found["minValues"] == parse_json(R"({"st":{"x":1,"in":{"y":"u"}}})").value());
  CHECK(found["nullCount"] ==
        parse_json(R"({"b":1,"bin":1,"l":1,"m":1,"st":{"x":1,"in":{"y":1,"n":2,"l":1}}})").value());
}

TEST_CASE("only the first leaf columns, nested ones counted one by one") {
  std::string sql = "SELECT {'a': 1, 'b': 2} AS st";
  for (int i = 0; i < 40; ++i) sql += fmt::format(", {0} AS c{0}", i);
  const Json first = stats(sql);
  CHECK(first["nullCount"].size() == 1 + 30);
  CHECK(first["minValues"].contains("c29"));
  CHECK_FALSE(first["minValues"].contains("c30"));
  CHECK(first["numRecords"] == 1);
  CHECK(stats(sql, -1)["nullCount"].size() == 41);
  CHECK(stats(sql, 1)["nullCount"] == parse_json(R"({"st":{"a":0}})").value());
  CHECK(stats(sql, 0)["nullCount"] == Json::object());
}
