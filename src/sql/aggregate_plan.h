#pragma once
// Takes the expressions of an aggregate step apart: `sum(amount) FILTER (WHERE ok) / count(*)` becomes arguments that are
// computed for each row, columns that are kept for each key, and an expression over these for the result.
//
//   rows --arguments--> "#0", "#1", ...  --partial_sql--> keys, "@0", "@1", ...  --merge_sql--> the same  --final_sql--> result
//
// A filter is part of its argument (CASE), so that a cast in a row that it leaves out does not fail. The step computes the
// arguments as a select (StatelessChain), so that a row that fails goes to the dead letters. Equal arguments and equal
// columns are kept once. count(DISTINCT x) keeps the members as rows: a set.
//
// Threads: the session's one caller. Errors: Fault::config, as in sql/expression.h.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/schema.h"
#include "sql/session.h"

namespace weir {

struct AggregateArgument {
  std::string name;  // "#0"
  std::string sql;   // over a row
  Type type;
};

struct AggregateKept {
  std::string name;     // "@0"
  std::string partial;  // over arguments
  std::string merge;    // over itself
  Type type;
};

struct AggregateSet {
  std::string name;      // "%0": how many members there are, as the result's expression reads it
  std::string argument;  // "#0": the member; NULL is none
  Type type;
};

struct AggregateResult {
  std::string name;
  std::string text;  // as written
  std::string sql;   // over keys, kept columns and sizes of sets
  Type type;
};

struct AggregatePlan {
  Schema keys;
  std::vector<AggregateArgument> arguments;
  std::vector<AggregateKept> kept;
  std::vector<AggregateSet> sets;
  std::vector<AggregateResult> results;
  std::vector<std::string> columns;  // of the rows, named anywhere

  // Keys and arguments: what partial_sql() and set_sql() read from `input`.
  Schema input() const;
  // Keys and kept columns: what partial_sql() and merge_sql() give, and merge_sql() reads.
  Schema state() const;
  // State and the sizes of sets: what final_sql() reads.
  Schema final_input() const;

  // Rows in no order of their own. `from`: a table or a subquery in parentheses that has the columns of input().
  std::string partial_sql(const std::string& from = "input") const;
  std::string merge_sql() const;
  std::string final_sql() const;  // in the order of `input`
  // Keys and "member", each once.
  std::string set_sql(std::size_t set, const std::string& from = "input") const;
};

// `rows`: the visible columns of the rows; `keys`: the columns that results may name outside of aggregates (window_start,
// window_end and `by`), already computed beside the arguments; `time`: the rows' event time, by which first() and its like
// order them.
Result<AggregatePlan> plan_aggregates(Session& session, const std::vector<std::pair<std::string, std::string>>& select,
                                      const Schema& rows, const Schema& keys, const std::string& time = "");

}  // namespace weir
