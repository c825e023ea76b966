#pragma once
// What an aggregate step does, checked and with types, before it runs: the columns it computes for each row, what it keeps
// for each group, and what comes out.
//
// Threads: plain values; shape_aggregate() is called by the session's one caller.

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "config/stateful_spec.h"
#include "config/step_spec.h"
#include "data/schema.h"
#include "sql/aggregate_plan.h"
#include "sql/session.h"
#include "state/state_meaning.h"

namespace weir {

struct AggregateOptions {
  std::string name;
  std::uint64_t maker = 0;  // of the rows that come out (data/schema.h)
  std::string time;         // the column of event time
  std::optional<TimeWindowSpec> window = {};
  std::vector<std::pair<std::string, std::string>> by = {};  // column, SQL
  NamedSql select = {};                                      // column, SQL with aggregates
  EmitMode mode = EmitMode::append;
  OnLate late = OnLate::dead_letter;
  Bytes memory{std::uint64_t{128} << 20};  // beyond it the oldest windows are on disk
};

inline constexpr std::string_view window_start = "window_start";
inline constexpr std::string_view window_end = "window_end";

// Columns that only the step's own statements see.
inline constexpr std::string_view row_window = "_weir_start";  // a row's window, beside the columns of the input
inline constexpr std::string_view row_time = "#t";             // the event time, among what is computed of a row

struct AggregateShape {
  std::uint64_t maker = 0;
  Schema input;
  std::size_t time = 0;         // position in the input
  std::vector<std::string> by;  // SQL of the keys after the window
  StepSpec of_rows;             // groups, arguments and row_time as a select: gives each row its own fate

  AggregatePlan results;  // keys: window_start, window_end, by
  AggregatePlan groups;   // keys: window_start, by; sizes of sets are kept columns, NULL in a partial
  Schema state;           // of a group's row: the keys, then what is kept
  Schema output;          // hidden columns included
  StateMeanings meanings;

  // Computes groups and arguments from rows that carry row_window, as a table to read from.
  std::string rows_sql() const;
  // Groups and how many members a set gained, from new members: a row as `state`, with all else NULL.
  std::string set_sizes_sql(std::size_t set) const;
  // Groups with window_end to the rows that come out; `sorted`: in the order of StateTable's keys.
  std::string output_sql(bool sorted) const;
  // The name of the column of `select` or `by` that a computed column of a row is for.
  std::string column_for(const std::string& computed) const;
};

// The error's place is "steps.<name>.aggregate.<key>".
Result<AggregateShape> shape_aggregate(const AggregateOptions& options, const Schema& input, Session& session);

}  // namespace weir
