// What each aggregate gives: of values worked out by hand, and the same over any cut of many rows into batches.

#include <fstream>
#include <iterator>
#include <random>

#include "sql/aggregate_plan.h"
#include "sql/aggregate_reference.h"
#include "sql/aggregate_table.h"
#include "sql/hyperloglog.h"
#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

using Cuts = std::vector<std::vector<std::uint64_t>>;

struct Aggregates {
  std::shared_ptr<Session> session = open_session();

  Result<Batch> run(const std::string& sql, const Batch& in, const Schema& schema) {
    auto query = session->prepare(sql, {{"input", schema}});
    if (!query) FAIL(sql + ": " + query.error().message);
    return query->run(Batch(std::make_shared<const Schema>(schema), in.chunks()));
  }

  // Partials of each cut, merged one by one into the state, then the result.
  Result<Batch> aggregate(const std::string& text, const Batch& rows, const Cuts& cuts) {
    auto plan = plan_aggregates(*session, {{"v", text}}, rows.schema(), Schema(), "t");
    if (!plan) FAIL(plan.error().message);
    std::string arguments;
    for (const AggregateArgument& argument : plan->arguments)
      arguments += (arguments.empty() ? "" : ", ") + argument.sql + " AS " + quote_identifier(argument.name);
    Batch state(std::make_shared<const Schema>(plan->state()), {});
    for (const auto& cut : cuts) {
      const Batch input = TRY(run("SELECT " + arguments + " FROM input", take_rows(rows, cut), rows.schema()));
      const Batch partial = TRY(run(plan->partial_sql(), input, plan->input()));
      const Batch both = concatenate(state, Batch(state.shared_schema(), partial.chunks()));
      const Batch merged = TRY(run(plan->merge_sql(), both, plan->state()));
      state = Batch(state.shared_schema(), merged.chunks());
    }
    return run(plan->final_sql(), state, plan->final_input());
  }

  static Cuts one_cut(std::uint64_t rows) {
    Cuts cuts(1);
    for (std::uint64_t i = 0; i < rows; ++i) cuts[0].push_back(i);
    return cuts;
  }
  static Cuts single_rows(std::uint64_t rows) {
    Cuts cuts;
    for (std::uint64_t i = rows; i-- > 0;) cuts.push_back({i});  // the last first
    return cuts;
  }

  // The one value as text, the same in one batch and in a batch for each row, from the last to the first.
  std::string value(const std::string& text, const std::string& of) {
    INFO(text << " of " << of);
    const Batch rows = batch_of(*session, "SELECT * FROM (VALUES " + of + ") AS r(t, x) ORDER BY t");
    const auto whole = aggregate(text, rows, one_cut(rows.rows()));
    if (!whole) FAIL(whole.error().message);
    const auto single = aggregate(text, rows, single_rows(rows.rows()));
    if (!single) FAIL(single.error().message);
    const std::string out = lines(*session, *whole).at(0);
    CHECK(lines(*session, *single).at(0) == out);
    return out;
  }
  // x at the times 1, 2, 3, ...; `type` in SQL.
  std::string of(const std::string& text, const std::vector<std::string>& xs, const std::string& type) {
    std::string rows;
    for (std::size_t i = 0; i < xs.size(); ++i)
      rows += (i == 0 ? "(" : ", (") + std::to_string(i + 1) + ", CAST(" + xs[i] + " AS " + type + "))";
    return value(text, rows);
  }
};

}  // namespace

TEST_CASE("the reference page is what the tables say; tools/docs.sh writes it anew") {
  std::ifstream file("docs/reference/sql.md");
  const std::string committed((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(committed == sql_reference());
}

TEST_CASE_METHOD(Aggregates, "values worked out by hand") {
  const std::vector<std::string> numbers{"4", "2", "NULL", "2", "8"};
  CHECK(of("first(x)", numbers, "INTEGER") == "4");
  CHECK(of("last(x)", numbers, "INTEGER") == "8");
  CHECK(of("last(x) FILTER (WHERE x < 8)", numbers, "INTEGER") == "2");
  CHECK(of("last(x) FILTER (WHERE t < 4)", numbers, "INTEGER") == "NULL");
  CHECK(of("any_value(x)", {"NULL", "5", "6"}, "INTEGER") == "5");
  CHECK(of("list(x)", numbers, "INTEGER") == "[4, 2, NULL, 2, 8]");
  CHECK(of("list(x) FILTER (WHERE x IS NOT NULL)", numbers, "INTEGER") == "[4, 2, 2, 8]");
  CHECK(of("list(x) FILTER (WHERE x > 9)", numbers, "INTEGER") == "NULL");
  CHECK(of("list(DISTINCT x)", numbers, "INTEGER") == "[2, 4, 8, NULL]");
  CHECK(of("len(list(DISTINCT x)) + count(x)", numbers, "INTEGER") == "8");
  CHECK(of("string_agg(x, ' < ')", {"'b'", "NULL", "'a'"}, "VARCHAR") == "b < a");
  CHECK(of("string_agg(x)", {"'b'", "NULL", "'a'"}, "VARCHAR") == "b,a");
  CHECK(of("sum(DISTINCT x)", numbers, "INTEGER") == "14");
  CHECK(of("avg(DISTINCT x)", {"4", "2", "NULL", "2", "9"}, "INTEGER") == "5.0");
  CHECK(of("sum(DISTINCT x)", {"1.50", "1.5", "0.25"}, "DECIMAL(9,2)") == "1.75");
  // Squares of distances from the mean, 4: 0 + 4 + 4 + 16.
  CHECK(of("var_pop(x)", numbers, "INTEGER") == "6.0");
  CHECK(of("var_samp(x)", numbers, "INTEGER") == "8.0");
  CHECK(of("stddev_pop(x) * stddev_pop(x) BETWEEN 5.9999999 AND 6.0000001", numbers, "INTEGER") == "true");
  CHECK(of("stddev(x)", {"1", "NULL", "3"}, "DOUBLE").starts_with("1.414213562373095"));
  CHECK(of("stddev(x)", {"1"}, "DOUBLE") == "NULL");
  CHECK(of("stddev_pop(x)", {"1"}, "DOUBLE") == "0.0");
  CHECK(of("var_pop(x)", {"NULL"}, "DOUBLE") == "NULL");
  CHECK(of("product(x)", numbers, "INTEGER") == "128.0");
  CHECK(of("histogram(x)", numbers, "INTEGER") == "{2=2, 4=1, 8=1}");
  CHECK(of("histogram(x)", {"10", "9", "9"}, "INTEGER") == "{9=2, 10=1}");
  CHECK(of("mode(x)", {"7", "10", "9", "10", "9"}, "INTEGER") == "9");
  CHECK(of("mode(x)", {"NULL"}, "INTEGER") == "NULL");
  CHECK(of("top_k(x, 2)", {"'c'", "'b'", "'a'", "'b'", "'c'", "'c'"}, "VARCHAR") == "[c, b]");
  CHECK(of("top_k(x, 2)", {"'c'", "'b'", "'a'"}, "VARCHAR") == "[a, b]");
  CHECK(of("median(x)", numbers, "INTEGER") == "3.0");
  CHECK(of("quantile_cont(x, 0.25)", {"1", "2", "3", "4"}, "INTEGER") == "1.75");
  CHECK(of("quantile_disc(x, 0.5)", {"1", "2", "3", "4"}, "INTEGER") == "2");
  CHECK(of("quantile_disc(x, [0.1, 0.9])", {"1", "2", "3", "4"}, "INTEGER") == "[1, 4]");
  CHECK(of("approx_quantile(x, 0)", numbers, "INTEGER") == "2.0");
  CHECK(of("approx_quantile(x, 1)", numbers, "INTEGER") == "8.0");
  CHECK(of("approx_quantile(x, [0.25, 1.0])", numbers, "INTEGER") == "[2.0, 8.0]");
  CHECK(of("approx_quantile(x, 0.5)", {"NULL"}, "INTEGER") == "NULL");
  CHECK(of("approx_count_distinct(x)", numbers, "INTEGER") == "3");
  CHECK(of("approx_count_distinct(x)", {"NULL"}, "INTEGER") == "0");
  CHECK(of("bool_or(x)", {"false", "NULL"}, "BOOLEAN") == "false");
  CHECK(of("every(x)", {"true", "NULL"}, "BOOLEAN") == "true");
  CHECK(of("first(x)", {"[1, NULL]", "[2]"}, "INTEGER[]") == "[1, NULL]");
  CHECK(of("list(x)", {"MAP {'a': 1}", "NULL"}, "MAP(VARCHAR, INTEGER)") == "[{a=1}, NULL]");
  CHECK(of("mode(x)", {"'2024-02-29 12:00:00.000001+00'"}, "TIMESTAMPTZ") == "2024-02-29 12:00:00.000001+00");
  CHECK(of("mode(x)", {"1.50", "2"}, "DECIMAL(9,2)") == "1.50");
  CHECK(of("mode(x)", {"'\\x00a'::BLOB"}, "BLOB") == "\\x00a");
}

TEST_CASE_METHOD(Aggregates, "of equal event times, the rows' topic, partition and offset decide, then the value") {
  const Batch rows =
      batch_of(*session,
               "SELECT 5 AS t, p::INTEGER AS _partition, o::BIGINT AS _offset, x FROM (VALUES (0, 10, 'm'), (0, "
               "9, 'z'), (1, 0, 'a')) AS r(p, o, x)");
  for (const Cuts& cuts : {one_cut(3), single_rows(3)}) {
    CHECK(lines(*session, *aggregate("first(x)", rows, cuts)).at(0) == "z");
    CHECK(lines(*session, *aggregate("last(x)", rows, cuts)).at(0) == "a");
    CHECK(lines(*session, *aggregate("list(x)", rows, cuts)).at(0) == "[z, m, a]");
  }
  CHECK(value("last(x)", "(5, 'm'), (5, 'z'), (5, 'a')") == "z");
  CHECK(value("list(x)", "(5, 'm'), (5, 'z'), (5, 'a')") == "[a, m, z]");
}

TEST_CASE_METHOD(Aggregates, "NaN and infinities") {
  const std::vector<std::string> nan{"1", "'nan'", "3"}, inf{"'inf'", "2", "2"}, both{"'inf'", "'-inf'", "1"};
  CHECK(of("sum(x)", nan, "DOUBLE") == "nan");
  CHECK(of("sum(x)", inf, "DOUBLE") == "inf");
  CHECK(of("isnan(sum(x))", both, "DOUBLE") == "true");
  CHECK(of("avg(x)", inf, "DOUBLE") == "inf");
  CHECK(of("sum(x)", {"1e308", "1e308"}, "DOUBLE") == "inf");
  CHECK(of("product(x)", nan, "DOUBLE") == "nan");
  CHECK(of("sum(DISTINCT x)", inf, "DOUBLE") == "inf");
  CHECK(of("avg(DISTINCT x)", nan, "DOUBLE") == "nan");
  CHECK(of("max(x)", nan, "DOUBLE") == "nan");
  CHECK(of("min(x)", nan, "DOUBLE") == "1.0");
  CHECK(of("max_by(t, x)", nan, "DOUBLE") == "2");
  CHECK(of("count(x)", nan, "DOUBLE") == "3");
  CHECK(of("first(x)", {"'nan'", "1"}, "DOUBLE") == "nan");
  CHECK(of("list(x)", nan, "DOUBLE") == "[1.0, nan, 3.0]");
  CHECK(of("list(DISTINCT x)", {"'nan'", "3", "'nan'", "'-inf'"}, "DOUBLE") == "[-inf, 3.0, nan]");
  CHECK(of("isnan(stddev(x))", nan, "DOUBLE") == "true");
  CHECK(of("isnan(var_pop(x))", inf, "DOUBLE") == "true");
  CHECK(of("var_samp(x)", {"'inf'"}, "DOUBLE") == "NULL");
  CHECK(of("approx_count_distinct(x)", {"'nan'", "'nan'", "0.0", "'-0.0'"}, "DOUBLE") == "2");
  CHECK(of("approx_quantile(x, 0.5)", {"'-inf'", "'inf'", "'inf'"}, "DOUBLE") == "inf");
  CHECK(of("approx_quantile(x, [0, 1])", {"'nan'", "2", "2"}, "DOUBLE") == "[2.0, nan]");
  CHECK(of("histogram(x)", {"'nan'", "'-0.0'", "0", "'nan'"}, "DOUBLE") == "{0.0=2, nan=2}");
  CHECK(of("mode(x)", {"'inf'", "1", "'inf'"}, "FLOAT") == "inf");
  CHECK(of("median(x)", {"'nan'", "1", "2"}, "DOUBLE") == "2.0");
  CHECK(of("quantile_disc(x, 1)", {"'nan'", "1", "2"}, "DOUBLE") == "nan");
}

TEST_CASE_METHOD(Aggregates, "a variance far from zero does not cancel") {
  // The squares of these have no digits left for what differs.
  std::vector<std::string> xs;
  for (const char* digit : {"4", "7", "13", "16"})
    xs.push_back("1000000000" + std::string(2 - std::string(digit).size(), '0') + digit);
  CHECK(of("var_samp(x)", xs, "DOUBLE") == "30.0");
  CHECK(of("var_pop(x)", xs, "DECIMAL(18,0)") == "22.5");
}

TEST_CASE_METHOD(Aggregates, "any cut gives the same") {
  const Batch rows = batch_of(*session,
                              "SELECT TIMESTAMPTZ '2024-01-01' + INTERVAL 1 SECOND * (range * 7919 % 1000) AS t, "
                              "CASE WHEN range % 17 = 0 THEN NULL ELSE (range * 31 % 1009 - 300)::INTEGER END AS i, "
                              "(exp((range * 37 % 1000) / 50.0))::DOUBLE AS f, (range % 5)::DECIMAL(9,2) / 4 AS d, "
                              "chr((97 + range * range % 7)::INTEGER) AS s, range % 3 = 0 AS flag FROM range(5000)");
  std::mt19937 random(11);
  for (const std::string text : {"first(i)",
                                 "last(s) FILTER (WHERE flag)",
                                 "any_value(i)",
                                 "list(i)",
                                 "list(DISTINCT i)",
                                 "string_agg(s, '')",
                                 "sum(DISTINCT i)",
                                 "avg(DISTINCT d)",
                                 "approx_count_distinct(i)",
                                 "approx_count_distinct(f) FILTER (WHERE flag)",
                                 "approx_quantile(f, [0.01, 0.5, 0.99])",
                                 "quantile_cont(i, [0.1, 0.9])",
                                 "quantile_disc(f, 0.3)",
                                 "median(d)",
                                 "round(var_samp(f) / 1000000, 3)",
                                 "round(stddev_pop(i), 9)",
                                 "histogram(s)",
                                 "mode(i)",
                                 "top_k(i, 5)",
                                 "bool_or(i > 700)",
                                 "every(f > 0)"}) {
    INFO(text);
    const auto whole = aggregate(text, rows, one_cut(rows.rows()));
    if (!whole) FAIL(whole.error().message);
    for (int round = 0; round < 4; ++round) {
      Cuts cuts(2 + random() % 6);
      for (std::uint64_t row = 0; row < rows.rows(); ++row) cuts[random() % cuts.size()].push_back(row);
      const auto cut = aggregate(text, rows, cuts);
      if (!cut) FAIL(cut.error().message);
      CHECK(lines(*session, *cut) == lines(*session, *whole));
    }
  }
}

TEST_CASE_METHOD(Aggregates, "approx_quantile is within 0.8 % of the exact one, approx_count_distinct within 5 %") {
  const Batch rows =
      batch_of(*session,
               "SELECT range AS t, (CASE WHEN range % 3 = 0 THEN -1 ELSE 1 END * exp((range * 7919 % 100003) "
               "/ 5000.0 - 5))::DOUBLE AS x FROM range(100003)");
  const auto number = [&](const std::string& text) {
    return std::stod(lines(*session, *aggregate(text, rows, one_cut(rows.rows()))).at(0));
  };
  for (const std::string q : {"0", "0.001", "0.1", "0.333", "0.34", "0.5", "0.9", "0.999", "1"}) {
    INFO(q);
    const double exact = std::stod(
        lines(*session, *run("SELECT quantile_disc(x, " + q + ") AS v FROM input", rows, rows.schema())).at(0));
    const double approximate = number("approx_quantile(x, " + q + ")");
    CHECK(std::abs(approximate - exact) <= 0.008 * std::abs(exact));
  }
  for (const int n : {1, 10, 100, 1000, 10000, 100000}) {
    HyperLogLog known, half, other;
    for (int i = 0; i < n; ++i) {
      known.add("value " + std::to_string(i));
      (i % 2 == 0 ? half : other).add("value " + std::to_string(i));
    }
    INFO(n);
    CHECK(std::abs(static_cast<double>(known.estimate()) - n) <= 0.05 * n);
    if (n <= 100) CHECK(known.estimate() == static_cast<std::uint64_t>(n));
    // Merged from bytes, in any order, the registers are the same.
    HyperLogLog merged;
    REQUIRE(merged.merge_bytes(other.bytes()));
    REQUIRE(merged.merge_bytes(half.bytes()));
    CHECK(merged.bytes() == known.bytes());
  }
  HyperLogLog none;
  CHECK(none.estimate() == 0);
  for (const std::string bytes : {"", "\x03",
                                  "\x01"
                                  "ab",
                                  "\x02"
                                  "short",
                                  "\x01\xff\xff\xff"})
    CHECK_FALSE(none.merge_bytes(bytes));
}

TEST_CASE("the registers' bytes are pinned: checkpoints hold them") {
  HyperLogLog known;
  known.add("a");
  known.add("");
  CHECK(known.bytes().size() == 7);
  HyperLogLog again;
  REQUIRE(again.merge_bytes(known.bytes()));
  CHECK(again.estimate() == 2);
  // XXH3 of nothing is 2d06800538d394c2: register 2d0, then 6800538d394c2 behind the first 12 bits: 0110..., a 2.
  const std::string of_nothing = [] {
    HyperLogLog one;
    one.add("");
    return one.bytes();
  }();
  CHECK(of_nothing == std::string("\x01\x00\xb4\x02", 4).replace(1, 3, [] {
    const std::uint32_t packed = 0x2d0u << 6 | 2u;
    return std::string{static_cast<char>(packed >> 16), static_cast<char>(packed >> 8 & 0xff),
                       static_cast<char>(packed & 0xff)};
  }()));
}

TEST_CASE_METHOD(Aggregates, "what a group keeps has a bound with a name") {
  const Batch many = batch_of(*session, "SELECT range AS t, range AS x FROM range(10001)");
  for (const std::string text : {"list(x)", "list(DISTINCT x)", "median(x)", "sum(DISTINCT x)"}) {
    INFO(text);
    const auto whole = aggregate(text, many, one_cut(many.rows()));
    REQUIRE_FALSE(whole);
    CHECK(whole.error().fault == Fault::data);
    CHECK(whole.error().message.find("a group has more than 10,000 values") == 0);
    Cuts halves(2);
    for (std::uint64_t i = 0; i < many.rows(); ++i) halves[i % 2].push_back(i);
    CHECK_FALSE(aggregate(text, many, halves));
    const Batch enough = batch_of(*session, "SELECT range AS t, range AS x FROM range(10000)");
    CHECK(aggregate(text, enough, one_cut(10000)));
  }
  for (const std::string text : {"histogram(x)", "mode(x)", "top_k(x, 3)"}) {
    const auto whole = aggregate(text, many, one_cut(many.rows()));
    REQUIRE_FALSE(whole);
    CHECK(whole.error().fault == Fault::data);
    CHECK(whole.error().message.find("a group has more than 10,000 different values") == 0);
  }
  CHECK(aggregate("approx_quantile(x, 0.5)", many, one_cut(many.rows())));
}
