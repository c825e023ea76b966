#pragma once
// The aggregates that a pipeline may use, one row each: what is kept of a batch, how what was kept of two batches becomes
// one, and how the result reads. What is kept are ordinary typed columns, never a state of DuckDB's own, so that state
// outlives a version of it.
//
// Merging gives the same over any cut into batches; sums and variances of doubles within 1e-9. Threads: plain values.

#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"

namespace weir {

// Texts of SQL in which stand for something:
//   $x     the argument's column             $text  the same as a text that equal values share
//   $s     the kept column to merge          $0 $1  the aggregate's kept columns
//   $T     the type of the value, in SQL     $p     the parameter
struct AggregateState {
  std::string_view partial;  // over $x or $text
  std::string_view merge;    // over $s, beside $0
};

struct Aggregate {
  enum class Takes { nothing, anything, integer, number, boolean, text, scalar };
  // What the argument is, for each row that counts.
  enum class Argument {
    value,
    pair,     // {by, value}: of two arguments; NULLs do not count
    wrapped,  // {value}: so that a NULL counts
    ordered,  // {the row's place, value}: event time, then topic, partition and offset where the rows have these columns
    ordered_values,  // the same without NULLs
  };
  enum class Parameter { none, quantiles, count, separator };

  std::string_view name;
  Takes takes;
  std::vector<AggregateState> states;
  std::string_view final;
  std::string_view note;  // what NULL, NaN, infinities and an overflow do, for the reference
  Argument argument = Argument::value;
  Parameter parameter = Parameter::none;
  bool distinct = false;  // with DISTINCT
};

// nullptr where no row has that name; `takes` of the rows of one name tells them apart.
const Aggregate* find_aggregate(std::string_view lower_name, const Type* argument, bool distinct = false);
// Any row of the name: they have their argument and parameter in common.
const Aggregate* aggregate_family(std::string_view lower_name, bool distinct = false);
bool is_aggregate_name(std::string_view lower_name);
// Whether DISTINCT changes nothing: min, max, ...
bool ignores_distinct(std::string_view lower_name);
// Why an aggregate of DuckDB's is not there, and what to write instead; empty where nothing is known.
std::string_view why_no_aggregate(std::string_view lower_name);

// Names in the order of the table, each once.
std::vector<std::string> aggregate_names();
// The table, for the reference; and the other names of a name.
const std::vector<Aggregate>& aggregates();
std::vector<std::string_view> other_names(std::string_view name);

}  // namespace weir
