#include "steps/stateless_chain.h"

#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

StepSpec filter(std::string name, std::string condition) {
  return {std::move(name), "", FilterSpec{std::move(condition)}};
}
StepSpec select(std::string name, bool all, std::vector<std::pair<std::string, std::string>> columns) {
  return {std::move(name), "", SelectSpec{all, std::move(columns)}};
}
StepSpec expect(std::string name, std::vector<ExpectationSpec> rules) {
  return {std::move(name), "", ExpectSpec{std::move(rules)}};
}
ExpectationSpec rule(std::string name, std::string check, OnFail on_fail = OnFail::dead_letter) {
  return {name, std::move(check), on_fail, name + "@example.com"};
}

struct Fixture {
  std::shared_ptr<Session> compute = open_session(SessionKind::compute);
  std::shared_ptr<Session> careful = open_session(SessionKind::careful);

  std::unique_ptr<StatelessChain> compile(const std::vector<StepSpec>& entries, const Schema& input) {
    auto chain = StatelessChain::compile(entries, input, compute, careful);
    if (!chain) FAIL(chain.error().text());
    return std::move(*chain);
  }
  Error compile_error(const std::vector<StepSpec>& entries, const Schema& input) {
    auto chain = StatelessChain::compile(entries, input, compute, careful);
    REQUIRE(!chain);
    return chain.error();
  }
  StepOutput run(const std::vector<StepSpec>& entries, const Batch& rows) {
    auto out = compile(entries, rows.schema())->process(rows);
    if (!out) FAIL(out.error().text());
    return std::move(*out);
  }
  // Rows "src", then what the SQL says; src is row + 1000.
  Batch input(const std::string& sql) {
    return batch_of(*compute, "SELECT *, (row_number() OVER () + 999)::UBIGINT AS _src FROM (" + sql + ")");
  }
};

std::vector<std::string> rejects(const StepOutput& out) {
  std::vector<std::string> lines;
  for (const Rejected& r : out.rejected)
    lines.push_back(std::to_string(r.src) + "|" + std::string(to_string(r.code)) + "|" + r.step + "|" + r.rule + "|" +
                    r.field + "|" + r.message);
  return lines;
}

std::vector<std::string> books(const StepOutput& out) {
  std::vector<std::string> lines;
  for (const StepBooks& b : out.books)
    lines.push_back(b.step + " " + std::to_string(b.taken) + ">" + std::to_string(b.given));
  for (const Dropped& d : out.dropped)
    lines.push_back(d.step + " " + std::string(to_string(d.reason)) + " " + std::to_string(d.rows));
  for (const ExpectationCount& e : out.expectations)
    lines.push_back(e.rule + " " + std::to_string(e.passed) + "/" + std::to_string(e.failed));
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "filter, select and expect are one statement with exact books") {
  const Batch in = input(
      "SELECT range - 2 AS amount, CASE WHEN range % 2 = 0 THEN 'EUR' WHEN range % 3 = 0 THEN NULL ELSE 'X' END AS "
      "currency FROM range(10)");
  const StepOutput out = run(
      {expect("known", {rule("positive", "amount > 0"), rule("currency", "currency IN ('EUR', 'USD')", OnFail::warn)}),
       filter("big", "amount >= 3"), select("named", true, {{"twice", "amount * 2"}, {"CURRENCY", "lower(currency)"}})},
      in);
  CHECK(to_string(out.rows.schema()) == "amount int64, CURRENCY string, twice int64, _src uint64");
  CHECK(lines(*compute, out.rows) ==
        Lines{"3|x|6|1005", "4|eur|8|1006", "5|x|10|1007", "6|eur|12|1008", "7|NULL|14|1009"});
  CHECK(books(out) == Lines{"known 10>7", "big 7>5", "named 5>5", "big FILTERED 2", "positive 7/3", "currency 3/4"});
  CHECK(rejects(out) == Lines{"1000|EXPECTATION_FAILED|known|positive||the check is not TRUE: amount > 0; amount = -2",
                              "1001|EXPECTATION_FAILED|known|positive||the check is not TRUE: amount > 0; amount = -1",
                              "1002|EXPECTATION_FAILED|known|positive||the check is not TRUE: amount > 0; amount = 0"});
  CHECK(out.rejected[0].owner == "positive@example.com");
}

TEST_CASE_METHOD(Fixture, "a chain without a select shares the chunks it was given") {
  const Batch in = input("SELECT range AS id FROM range(5000)");
  auto chain = compile({filter("f", "id <> 2500"), expect("e", {rule("r", "id >= 0", OnFail::warn)})}, in.schema());
  const auto out = chain->process(in);
  REQUIRE(out);
  CHECK(out->rows.chunks()[0] == in.chunks()[0]);
  CHECK(out->rows.chunks()[2] == in.chunks()[2]);
  CHECK(out->rows.rows() == 4999);
  CHECK(books(*out) == Lines{"f 5000>4999", "e 4999>4999", "f FILTERED 1", "r 4999/0"});
  const auto none = chain->process(Batch(in.shared_schema(), {}));
  CHECK(none->rows.empty());
  CHECK(books(*none) == Lines{"f 0>0", "e 0>0", "r 0/0"});
}

TEST_CASE_METHOD(Fixture, "a row whose expression cannot be computed is rejected and the others go on") {
  const Batch in = input(
      "SELECT range AS id, CASE WHEN range IN (0, 2047, 2048, 4095, 4096, 4999) THEN 'bad' ELSE range::VARCHAR END AS "
      "s FROM range(5000)");
  const StepOutput out =
      run({filter("even_or_bad", "id % 2 = 0 OR s = 'bad'"),
           select("parsed", false, {{"id", "id"}, {"v", "CAST(s AS INTEGER) + 1"}}), filter("small", "v < 4998")},
          in);
  CHECK(rejects(out)[0] ==
        "1000|EXPRESSION_ERROR|parsed||v|the expression cannot be computed: CAST(s AS INTEGER) + 1: Could not convert "
        "string 'bad' to INT32; s = bad");
  REQUIRE(out.rejected.size() == 6);
  CHECK(out.rejected[2].src == 1000 + 2048);
  CHECK(out.rejected[5].src == 1000 + 4999);
  CHECK(books(out) == Lines{"even_or_bad 5000>2503", "parsed 2503>2497", "small 2497>2496", "even_or_bad FILTERED 2497",
                            "small FILTERED 1"});
  CHECK(out.rows.rows() == 2496);
}

TEST_CASE_METHOD(Fixture, "errors of each kind") {
  struct Case {
    const char* column;
    const char* expression;
    const char* reason;
  };
  const Case cases[] = {
      {"CASE WHEN range = 1 THEN '12x' ELSE '12' END", "CAST(v AS INTEGER)", "Could not convert string '12x' to INT32"},
      {"CASE WHEN range = 1 THEN 120 ELSE 1 END::TINYINT", "v + 100::TINYINT",
       "Overflow in addition of INT8 (120 + 100)"},
      {"CASE WHEN range = 1 THEN 9223372036854775807 ELSE 1 END", "v * 2",
       "Overflow in multiplication of INT64 (9223372036854775807 * 2)"},
      {"CASE WHEN range = 1 THEN 1234.5 ELSE 1 END::DECIMAL(10,1)", "CAST(v AS DECIMAL(4,2))",
       "Casting value \"1234.5\" to type DECIMAL(4,2) failed: value is out of range"},
      {"CASE WHEN range = 1 THEN 0 ELSE 1 END", "ln(v)", "cannot take logarithm of zero"},
      {"CASE WHEN range = 1 THEN 'nan' ELSE '1' END::DOUBLE", "CAST(v AS INTEGER)",
       "Type DOUBLE with value nan can't be cast because the value is out of range for the destination type INT32"},
      {"CASE WHEN range = 1 THEN '(' ELSE 'a' END", "regexp_matches('x', v)", "missing ): ("},
      {"CASE WHEN range = 1 THEN '{' ELSE '{}' END", "json_extract(v, '$.a')",
       "Malformed JSON at byte 1 of input: unexpected end of data. Input: \"{\""},
      {"CASE WHEN range = 1 THEN '2024-13-01' ELSE '2024-12-01' END", "CAST(v AS DATE)",
       "date field value out of range: \"2024-13-01\""},
      {"CASE WHEN range = 1 THEN 'x' ELSE '1' END", "list_transform([v, '1'], lambda e: CAST(e AS INTEGER))",
       "Could not convert string 'x' to INT32"},
      {"CASE WHEN range = 1 THEN 'x' ELSE '1' END", "CASE WHEN v = 'never' THEN 0 ELSE CAST(v AS INTEGER) END",
       "Could not convert string 'x' to INT32"},
      {"CASE WHEN range = 1 THEN -1 ELSE 65 END::INTEGER", "chr(v)", "Invalid UTF8 Codepoint -1"},
  };
  for (const Case& c : cases) {
    const Batch in = input(std::string("SELECT ") + c.column + " AS v FROM range(3)");
    const StepOutput out = run({select("s", false, {{"w", c.expression}})}, in);
    INFO(c.expression);
    CHECK(out.rows.rows() == 2);
    REQUIRE(out.rejected.size() == 1);
    CHECK(out.rejected[0].src == 1001);
    CHECK(out.rejected[0].field == "w");
    CHECK(out.rejected[0].message.find(c.reason) != std::string::npos);
    if (out.rejected[0].message.find(c.reason) == std::string::npos) WARN(out.rejected[0].message);
  }
}

TEST_CASE_METHOD(Fixture, "what IEEE and SQL define is no error") {
  const Batch in = input("SELECT 0::DOUBLE AS zero, 0 AS none, 'nan'::DOUBLE AS nan");
  const StepOutput out = run({select("s", false,
                                     {{"a", "1 / zero"},
                                      {"b", "1 // none"},
                                      {"c", "1 % none"},
                                      {"d", "nan = nan"},
                                      {"e", "nan > 1"},
                                      {"f", "TRY(CAST('x' AS INTEGER))"}})},
                             in);
  CHECK(lines(*compute, out.rows) == Lines{"inf|NULL|NULL|true|true|NULL|1000"});
}

TEST_CASE_METHOD(Fixture, "AND, OR and CASE guard what stands behind them in a condition") {
  const Batch in = input("SELECT * FROM (VALUES ('1'), ('x'), ('7'), (NULL)) t(s)");
  const StepOutput out = run({filter("guarded", "regexp_full_match(s, '[0-9]+') AND CAST(s AS INTEGER) > 5")}, in);
  CHECK(out.rejected.empty());
  CHECK(lines(*compute, out.rows) == Lines{"7|1002"});
  // Also where another row makes the statement throw.
  const StepOutput both = run({filter("guarded", "regexp_full_match(s, '[0-9]+') AND CAST(s AS INTEGER) > 5"),
                               filter("throws", "CAST('7' || s AS TINYINT) > 100")},
                              in);
  CHECK(both.rejected.empty());
  CHECK(lines(*compute, both.rows).empty());
  CHECK(books(both) == Lines{"guarded 4>1", "throws 1>0", "guarded FILTERED 3", "throws FILTERED 1"});
}

TEST_CASE_METHOD(Fixture, "warn never takes a row out, fail stops everything") {
  const Batch in = input("SELECT * FROM (VALUES ('1'), ('x'), (NULL), ('3')) t(s)");
  const StepOutput out = run({expect("w", {rule("number", "CAST(s AS INTEGER) < 3", OnFail::warn)}),
                              select("p", true, {{"n", "TRY(CAST(s AS INTEGER))"}})},
                             in);
  CHECK(out.rows.rows() == 4);
  CHECK(books(out) == Lines{"w 4>4", "p 4>4", "number 1/3"});

  for (const char* check : {"s <> 'x' OR s IS NULL", "CAST(s AS INTEGER) < 10 OR s IS NULL"}) {
    auto chain = compile({expect("f", {rule("strict", check, OnFail::fail)})}, in.schema());
    const auto stopped = chain->process(in);
    REQUIRE(!stopped);
    CHECK(stopped.error().fault == Fault::config);
    CHECK(stopped.error().retry == Retry::no);
    CHECK(stopped.error().message.find(
              "expectation strict of step f has on_fail: fail, and record 1001 of this batch") == 0);
    CHECK(stopped.error().message.find("s = x") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a NULL check fails, a NULL filter drops, NULLs are shown") {
  const Batch in = input("SELECT NULL::INTEGER AS a, repeat('é', 100) AS long, 1 AS b");
  const StepOutput out = run({expect("e", {rule("r", "a > 0 AND length(long) > 0")})}, in);
  REQUIRE(out.rejected.size() == 1);
  std::string cut;
  for (int i = 0; i < 32; ++i) cut += "é";
  CHECK(out.rejected[0].message ==
        "the check is not TRUE: a > 0 AND length(long) > 0; a = NULL, long = " + cut + "...");
  CHECK(books(run({filter("f", "a > 0")}, in)) == Lines{"f 1>0", "f FILTERED 1"});
}

TEST_CASE_METHOD(Fixture, "hidden columns go through and what is not null stays so") {
  Batch in = batch_of(*compute, "SELECT 1 AS a, 'x' AS b, 7::UBIGINT AS _src, 1::UTINYINT AS _op");
  Schema schema = in.schema();
  std::vector<Column> columns = schema.columns();
  columns[0].nullable = false;
  in = Batch(std::make_shared<const Schema>(Schema(columns)), in.chunks());
  auto chain = compile({select("s", false, {{"c", "a + 1"}, {"d", "a"}})}, in.schema());
  CHECK(to_string(chain->schema()) == "c int32, d int32, _src uint64, _op uint8");
  CHECK(chain->schema().columns()[1].nullable == false);
  CHECK(chain->schema().columns()[0].nullable == true);
  const auto out = chain->process(in);
  CHECK(out->rows.schema() == chain->schema());
  CHECK(lines(*compute, out->rows) == Lines{"2|1|7|1"});
  CHECK(chain->columns_read() == std::vector<std::size_t>{0, 2, 3});
  CHECK(chain->explain().find("gives: c int32, d int32") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a column that nothing needs is not computed and not read") {
  const Batch in = input("SELECT 'x' AS s, 1 AS a, 2 AS b");
  auto chain = compile({select("one", true, {{"n", "CAST(s AS INTEGER)"}}), select("two", false, {{"c", "a + 1"}})},
                       in.schema());
  CHECK(chain->columns_read() == std::vector<std::size_t>{1, 3});
  const auto out = chain->process(in);
  CHECK(out->rejected.empty());
  CHECK(lines(*compute, out->rows) == Lines{"2|1000"});
}

TEST_CASE_METHOD(Fixture, "many rules, and names that SQL would take for something else") {
  std::vector<ExpectationSpec> rules;
  for (int i = 0; i < 300; ++i)
    rules.push_back(rule("r" + std::to_string(i), "\"select\" <> " + std::to_string(i),
                         i % 2 == 0 ? OnFail::dead_letter : OnFail::warn));
  const Batch in = input("SELECT range AS \"select\", 'q' AS \"a\"\"b'c\", {'k': range} AS _weir FROM range(1000)");
  const StepOutput out = run(
      {expect("all", rules), select("s", true, {{"it's \"x\"", "\"a\"\"b'c\" || '1' -- note"}, {"k", "_weir.k"}})}, in);
  CHECK(out.rows.rows() == 850);
  CHECK(out.rejected.size() == 150);
  CHECK(out.expectations.size() == 300);
  CHECK(out.expectations[299].failed == 1);
  CHECK(out.expectations[299].passed == 1000 - 150 - 1);
}

TEST_CASE_METHOD(Fixture, "what is wrong with a chain is said with its place") {
  const Batch in = input("SELECT 1 AS amount");
  const auto problems =
      StatelessChain::check(
          {filter("big", "amont > 1"), select("s", true, {{"a", "random()"}, {"_src", "1"}, {"b", "1"}, {"B", "2"}}),
           expect("e", {rule("r", "amount"), rule("q", "1)")}), select("t", false, {})},
          in.schema(), *compute)
          .problems;
  Lines places;
  for (const Error& problem : problems) {
    CHECK(problem.fault == Fault::config);
    places.push_back(problem.place);
  }
  CHECK(places == Lines{"steps.big.filter", "steps.s.select.a", "steps.s.select._src", "steps.s.select.B",
                        "steps.e.expect.r.check", "steps.e.expect.q.check", "steps.t.select"});
  CHECK(compile_error({filter("big", "amont > 1")}, in.schema()).text() ==
        "steps.big.filter: there is no column \"amont\" here; nearest: \"amount\", at character 1 of: amont > 1");
  // A select sees what the entry before it gives, not its own columns.
  CHECK(compile_error({select("s", true, {{"a", "1"}, {"b", "a + 1"}})}, in.schema()).place == "steps.s.select.b");
  CHECK(compile_error({select("s", false, {{"a", "1"}}), filter("f", "amount > 1")}, in.schema()).place ==
        "steps.f.filter");
}
