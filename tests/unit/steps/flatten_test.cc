#include "steps/flatten.h"

#include <algorithm>

#include "sql/rows.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Fixture {
  std::shared_ptr<Session> compute = open_session();

  Result<std::unique_ptr<Flatten>> make(const FlattenSpec& spec, const Batch& rows) {
    return Flatten::make("each", spec, rows.schema(), compute);
  }
  StepOutput run(const FlattenSpec& spec, const Batch& rows) {
    auto step = make(spec, rows);
    if (!step) FAIL(step.error().text());
    auto out = (*step)->process(rows);
    if (!out) FAIL(out.error().text());
    return std::move(*out);
  }
  std::string bad(const FlattenSpec& spec, const Batch& rows) {
    const auto step = make(spec, rows);
    REQUIRE_FALSE(step);
    CHECK(step.error().fault == Fault::config);
    return step.error().text();
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Fixture, "rows multiply, keep their record and balance") {
  const Batch rows =
      batch_of(*compute,
               "SELECT id, xs, (7 + id)::UBIGINT AS _src FROM (VALUES (0, ['a', NULL]), (1, []), (2, NULL), "
               "(3, ['b'])) AS r(id, xs)");
  const StepOutput inner = run({"xs", "x", false, ""}, rows);
  CHECK(lines(*compute, inner.rows) == Lines{"0|a|7", "0|NULL|7", "3|b|10"});
  REQUIRE(inner.books.size() == 1);
  CHECK(inner.books[0].taken == 4);
  CHECK(inner.books[0].made == 1);
  CHECK(inner.books[0].given == 3);
  REQUIRE(inner.dropped.size() == 1);
  CHECK(inner.dropped[0].rows == 2);
  const StepOutput outer = run({"xs", "", true, "nth"}, rows);
  CHECK(lines(*compute, outer.rows) == Lines{"0|a|1|7", "0|NULL|2|7", "1|NULL|NULL|8", "2|NULL|NULL|9", "3|b|1|10"});
  CHECK(outer.books[0].made == 1);
  CHECK(outer.dropped.empty());
}

TEST_CASE_METHOD(Fixture, "many rows over several chunks stay in order") {
  const Batch rows = batch_of(
      *compute, "SELECT range AS id, generate_series(1, range % 5) AS xs, range::UBIGINT AS _src FROM range(5000)");
  const StepOutput out = run({"xs", "x", false, ""}, rows);
  CHECK(out.rows.rows() == 10000);
  CHECK(out.books[0].made == 6000);
  const auto src = out.rows.src();
  CHECK(std::is_sorted(src.begin(), src.end()));
}

TEST_CASE_METHOD(Fixture, "what cannot be flattened") {
  const Batch rows = batch_of(*compute, "SELECT 'a' AS s, [1] AS xs, MAP {'a': 1} AS m, 0::UBIGINT AS _src");
  CHECK(bad({"ys", "", false, ""}, rows).find("steps.each.flatten.column: there is no column 'ys'") == 0);
  CHECK(bad({"_src", "", false, ""}, rows).find("there is no column") != std::string::npos);
  CHECK(bad({"s", "", false, ""}, rows).find("an array is needed; make one in a select step before") !=
        std::string::npos);
  CHECK(bad({"m", "", false, ""}, rows).find("map_entries(m)") != std::string::npos);
  CHECK(bad({"xs", "S", false, ""}, rows).find("steps.each.flatten.as: the column \"S\" is there twice") == 0);
  CHECK(bad({"xs", "x", false, "x"}, rows).find("steps.each.flatten.position: the column \"x\" is there twice") == 0);
  const Batch changing = batch_of(*compute, "SELECT [1] AS xs, 0::UBIGINT AS _src, 1::UTINYINT AS _op");
  CHECK(bad({"xs", "", false, ""}, changing).find("reads rows that change") != std::string::npos);
}
