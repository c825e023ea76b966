// Every function of the list works in a select: functions.txt holds an expression that is TRUE for each.

#include <fstream>
#include <set>

#include "sql/function_list.h"
#include "sql/rows.h"
#include "steps/stateless_chain.h"

using namespace weir;
using namespace weir::test;

namespace {

using Named = std::vector<std::pair<std::string, std::string>>;

Named functions() {
  std::ifstream file("tests/unit/steps/functions.txt");
  REQUIRE(file);
  Named out;
  for (std::string line; std::getline(file, line);)
    if (const auto colon = line.find(": "); !line.starts_with('#') && colon != std::string::npos)
      out.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  return out;
}

constexpr const char* rows_sql =
    "SELECT -3::BIGINT AS i, 7::BIGINT AS n, 2.5::DOUBLE AS f, 'Weir' AS s, '' AS e, [3, 1, 2]::BIGINT[] AS l, "
    "[1.0, 2.0]::DOUBLE[] AS x, [2.0, 1.0]::DOUBLE[] AS y, [1.0, 0.0, 0.0]::DOUBLE[] AS z, "
    "MAP {'a': 1::BIGINT, 'b': 2::BIGINT} AS m, {'a': 1::BIGINT, 'b': 'x'} AS st, "
    "'{\"a\": {\"b\": [1, 2]}, \"c\": \"d\"}'::JSON AS j, DATE '2024-02-29' AS d, "
    "TIMESTAMPTZ '2024-02-29 13:45:30.123456+00' AS t, 'ab'::BLOB AS b, "
    "'0190163d-8694-739b-aea5-966c26f8ad91'::UUID AS u, ['10', 'x'][k] AS fails, (k - 1)::UBIGINT AS _src "
    "FROM (VALUES (1), (2)) AS r(k)";

}  // namespace

TEST_CASE("each function of the list is named once in functions.txt") {
  std::set<std::string> named;
  for (const auto& [name, expression] : functions()) {
    INFO(name);
    CHECK(named.insert(name).second);
    CHECK(expression.find(name == "position" ? "position(" : name + "(") != std::string::npos);
  }
  for (const std::string_view name : allowed_functions()) {
    const bool is_operator =
        name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos || name == "!__postfix";
    INFO(name);
    CHECK((is_operator || named.contains(std::string(name))));
  }
}

TEST_CASE("each function works in a select, in the fast statement and in the careful one") {
  const auto compute = open_session(SessionKind::compute), careful = open_session(SessionKind::careful);
  const Batch rows = batch_of(*compute, rows_sql);
  const std::uint64_t good[] = {0};
  for (const auto& [name, expression] : functions()) {
    INFO(name << ": " << expression);
    // The second row fails in the other column, so that the fast statement throws.
    const StepSpec select{"s", "", SelectSpec{false, {{"v", expression}, {"w", "CAST(fails AS INTEGER)"}}}};
    auto chain = StatelessChain::compile({select}, rows.schema(), compute, careful);
    if (!chain) {
      FAIL_CHECK(chain.error().text());
      continue;
    }
    const auto fast = (*chain)->process(take_rows(rows, good));
    if (!fast) FAIL(fast.error().text());
    CHECK(lines(*compute, fast->rows) == std::vector<std::string>{"true|10|0"});
    const auto both = (*chain)->process(rows);
    if (!both) FAIL(both.error().text());
    CHECK(lines(*compute, both->rows) == std::vector<std::string>{"true|10|0"});
    CHECK(both->rejected.size() == 1);
  }
}
