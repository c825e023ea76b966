#include "sql/aggregate_plan.h"

#include <random>

#include "sql/aggregate_table.h"
#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

using Select = std::vector<std::pair<std::string, std::string>>;

struct Fixture {
  std::shared_ptr<Session> session = open_session();
  Batch rows = batch_of(*session,
                        "SELECT (range * 7 % 5)::INTEGER AS k, (range * 31 % 1000 - 500)::INTEGER AS i, (range % "
                        "997)::DECIMAL(12,2) / 4 AS x, "
                        "((range * 13 % 101)::DECIMAL(9,2))::DECIMAL(9,2) AS d, CASE WHEN range % 11 = 0 THEN NULL "
                        "ELSE (range % 89) / 8.0 END::DOUBLE AS f, "
                        "CASE WHEN range % 3 = 0 THEN 'EUR' WHEN range % 7 = 0 THEN NULL ELSE 'c' || (range % 13) END "
                        "AS s, range % 2 = 0 AS flag, "
                        "TIMESTAMPTZ '2024-01-01' + INTERVAL 1 MINUTE * (range * 17 % 5000) AS t FROM range(6000)");
  Schema keys{{{"k", {TypeKind::int32, 0, 0, {}}, true}}};

  AggregatePlan plan(const Select& select) {
    auto out = plan_aggregates(*session, select, rows.schema(), keys);
    if (!out) FAIL(out.error().message);
    return std::move(*out);
  }
  std::string bad(const std::string& text) {
    const auto out = plan_aggregates(*session, {{"v", text}}, rows.schema(), keys);
    INFO(text);
    REQUIRE(!out);
    CHECK(out.error().fault == Fault::config);
    return out.error().message;
  }
  Batch run(const std::string& sql, const Batch& in, const Schema& schema) {
    auto query = session->prepare(sql, {{"input", schema}});
    if (!query) FAIL(sql + ": " + query.error().message);
    auto out = query->run(Batch(std::make_shared<const Schema>(schema), in.chunks()));
    if (!out) FAIL(sql + ": " + out.error().message);
    return *out;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what is kept of batches gives what DuckDB gives over all rows, whatever the cuts") {
  const Select select{{"n", "count(*)"},
                      {"n_eur", "count(*) FILTER (WHERE s = 'EUR')"},
                      {"n_s", "count(s)"},
                      {"n_if", "countif(flag)"},
                      {"total", "sum(i)"},
                      {"total_flag", "sum(i) FILTER (WHERE flag)"},
                      {"money", "sum(d)"},
                      {"mean_i", "avg(i)"},
                      {"mean_f", "avg(f)"},
                      {"mean_d", "avg(d) FILTER (WHERE i > 0 AND flag)"},
                      {"low", "min(t)"},
                      {"high", "max(s)"},
                      {"all_flag", "bool_and(i > -500)"},
                      {"bits", "bit_xor(i)"},
                      {"kinds", "count(DISTINCT s)"},
                      {"kinds_flag", "count(DISTINCT s) FILTER (WHERE flag)"},
                      {"late", "arg_max(i, t)"},
                      {"ratio", "round(100.0 * count(*) FILTER (WHERE flag) / count(*), 1)"},
                      {"keyed", "CASE WHEN k > 2 THEN max(i) - min(i) ELSE sum(i) END"}};
  const AggregatePlan p = plan(select);
  std::string direct = "SELECT k";
  for (const auto& [name, text] : select)
    direct += ", " + (name == "late" ? std::string("max(struct_pack(t := t, i := i)).i") : text) + " AS " + name;
  // The types of results are those of DuckDB, but for sums of integers: int64.
  direct =
      "SELECT * REPLACE (total::BIGINT AS total, total_flag::BIGINT AS total_flag, keyed::BIGINT AS keyed) FROM (" +
      direct + " FROM input GROUP BY k ORDER BY k)";
  const std::vector<std::string> want = lines(*session, run(direct, rows, rows.schema()));

  std::string arguments = "SELECT k";
  for (const AggregateArgument& argument : p.arguments)
    arguments += ", " + argument.sql + " AS " + quote_identifier(argument.name);
  arguments += " FROM input";
  std::mt19937 random(7);
  for (int round = 0; round < 5; ++round) {
    Batch state(std::make_shared<const Schema>(p.state()), {});
    std::vector<Batch> members;
    for (std::size_t i = 0; i < p.sets.size(); ++i) members.emplace_back();
    std::vector<std::uint64_t> cut;
    for (std::uint64_t row = 0; row < rows.rows();) {
      std::vector<std::uint64_t> picked;
      for (std::uint64_t n = random() % 2500; n-- > 0 && row < rows.rows();) picked.push_back(row++);
      const Batch input = run(arguments, take_rows(rows, picked), rows.schema());
      const Batch partial = run(p.partial_sql(), input, p.input());
      state = run(p.merge_sql(), concatenate(state, Batch(state.shared_schema(), partial.chunks())), p.state());
      state = Batch(std::make_shared<const Schema>(p.state()), state.chunks());
      for (std::size_t i = 0; i < p.sets.size(); ++i) {
        const Batch set = run(p.set_sql(i), input, p.input());
        members[i] = members[i].schema().size() == 0
                         ? set
                         : concatenate(members[i], Batch(members[i].shared_schema(), set.chunks()));
      }
    }
    // What a step does with its tables: the sizes of sets beside the state.
    std::string sql = "SELECT state.*";
    std::vector<SqlInput> inputs{{"state", p.state()}};
    std::vector<Batch> batches{state};
    for (std::size_t i = 0; i < p.sets.size(); ++i) {
      const std::string name = "m" + std::to_string(i);
      sql += ", (SELECT count(DISTINCT member) FROM " + name + " WHERE " + name + ".k = state.k) AS " +
             quote_identifier(p.sets[i].name);
      inputs.push_back({name, members[i].schema()});
      batches.push_back(members[i]);
    }
    auto join = session->prepare(sql + " FROM state ORDER BY k", inputs);
    if (!join) FAIL(join.error().message);
    const auto joined = join->run(batches);
    if (!joined) FAIL(joined.error().message);
    CHECK(lines(*session, run(p.final_sql(), *joined, p.final_input())) == want);
  }
}

TEST_CASE_METHOD(Fixture, "equal parts are kept once, and columns have names and types") {
  const AggregatePlan p =
      plan({{"a", "sum(d)"}, {"b", "avg(d)"}, {"c", "sum(d) / count(d)"}, {"e", "count(*)"}, {"g", "count(*) * 2"}});
  CHECK(p.arguments.size() == 1);
  CHECK(to_string(p.state()) == "k int32, @0 decimal(38,2), @1 int64, @2 int64");
  CHECK(p.results[0].type == decimal_type(38, 2));
  CHECK(p.results[3].type.kind == TypeKind::int64);
  CHECK(p.columns == std::vector<std::string>{"d"});
  CHECK(p.results[4].sql == "(\"@2\" * 2)");
}

TEST_CASE_METHOD(Fixture, "a cast in a row that a filter leaves out does not fail") {
  const AggregatePlan p = plan({{"a", "sum(CAST(s AS INTEGER)) FILTER (WHERE s NOT LIKE 'c%' AND s <> 'EUR')"}});
  const Batch input = run("SELECT k, " + p.arguments[0].sql + " AS \"#0\" FROM input", rows, rows.schema());
  CHECK(run(p.partial_sql(), input, p.input()).rows() == 5);
}

TEST_CASE_METHOD(Fixture, "what an aggregate may not be") {
  CHECK(bad("i + 1").find("\"i\" is neither in `by` nor within an aggregate, at character 1 of: i + 1") == 0);
  CHECK(bad("k + 1").find("there is no aggregate in: k + 1") == 0);
  CHECK(bad("sum(i) + i").find("neither in `by`") != std::string::npos);
  CHECK(bad("sum(s)") == "sum() does not take string, at character 1 of: sum(s)");
  CHECK(bad("sum(amont)").find("there is no column \"amont\" here") == 0);
  CHECK(bad("sum(sum(i))").find("belongs in an aggregate step") != std::string::npos);
  CHECK(bad("stddev(DISTINCT i)").find("DISTINCT is there for count") == 0);
  CHECK(bad("strange(s)").find("there is no aggregate or function strange(); aggregates: count_star, count,") == 0);
  CHECK(bad("approx_top_k(s, 3)").find("approx_top_k() depends on the order of rows; top_k(x, k) is exact") == 0);
  CHECK(bad("reservoir_quantile(i, 0.5)").find("reservoir_quantile() draws lots; use approx_quantile") == 0);
  CHECK(bad("collect_set(s)").find("collect_set() is Spark's; use list(DISTINCT x)") == 0);
  CHECK(bad("approx_quantile(i)").find("approx_quantile() takes a value and a place from 0 to 1") == 0);
  CHECK(bad("approx_quantile(i, 1.5)").find("approx_quantile() takes a value and a place from 0 to 1") == 0);
  CHECK(bad("approx_quantile(i, k)").find("the second argument of approx_quantile() must be a constant") == 0);
  CHECK(bad("approx_quantile(s, 0.5)") ==
        "approx_quantile() does not take string, at character 1 of: approx_quantile(s, 0.5)");
  CHECK(bad("top_k(s, 0)").find("top_k() takes a value and how many of them") == 0);
  CHECK(bad("top_k(s, [1, 2])").find("top_k() takes a value and how many of them") == 0);
  CHECK(bad("string_agg(s, 1)").find("the separator of string_agg() must be a text") == 0);
  CHECK(bad("mode([i])").find("mode() does not take list<int32>") == 0);
  CHECK(bad("sum(i ORDER BY t)").find("ORDER BY") == 0);
  CHECK(bad("sum(i) OVER ()").find("not allowed here") != std::string::npos);
  CHECK(bad("count(*) + random()").find("random() gives another value") == 0);
  CHECK(bad("count(*) + (SELECT 1)").find("not allowed here") != std::string::npos);
  CHECK(bad("sum(random())").find("random()") == 0);
  CHECK(bad("max_by(i)").find("takes a value and what it is chosen by") != std::string::npos);
  CHECK(bad("sum(i) FILTER (WHERE i)").find("must be TRUE or FALSE") == 0);
  CHECK(bad("sum(list_sum(list_transform([i], lambda e: e + 1)))").find("lambda") != std::string::npos);
  CHECK(bad("sum(i); DROP TABLE x").find("must be one expression") == 0);
  const auto twice = plan_aggregates(*session, {{"K", "count(*)"}}, rows.schema(), keys);
  CHECK(twice.error().message.find("is there twice") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a sum keeps 128 bits and says where int64 ends") {
  const AggregatePlan p =
      plan_aggregates(*session, {{"v", "sum(b)"}}, Schema({{"b", {TypeKind::int64, 0, 0, {}}, true}}), Schema())
          .value();
  const Batch in = batch_of(*session, "SELECT 9223372036854775807 AS b FROM range(2)");
  const Batch state =
      run(p.partial_sql(), run("SELECT " + p.arguments[0].sql + " AS \"#0\" FROM input", in, in.schema()), p.input());
  CHECK(lines(*session, state) == std::vector<std::string>{"18446744073709551614"});
  auto final = session->prepare(p.final_sql(), {{"input", p.final_input()}});
  CHECK(final->run(Batch(std::make_shared<const Schema>(p.final_input()), state.chunks())).error().fault ==
        Fault::data);
}
