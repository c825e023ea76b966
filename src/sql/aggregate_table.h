#pragma once
// The aggregates that a pipeline may use, one row each: what is kept of a batch, how what was kept of two batches becomes
// one, and how the result reads. What is kept are ordinary typed columns, never a state of DuckDB's own, so that state
// outlives a version of it.
//
// Merging gives the same over any cut into batches; sums of doubles within 1e-9. Threads: plain values.

#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"

namespace weir {

struct AggregateState {
  std::string_view partial;  // over the argument $x
  std::string_view merge;    // over the kept column $s, beside the aggregate's first one, $0
};

struct Aggregate {
  enum class Takes { nothing, anything, integer, number, boolean, pair };
  std::string_view name;
  Takes takes;
  std::vector<AggregateState> states;
  std::string_view final;  // over the kept columns $0, $1
  std::string_view note;   // what NULL, NaN and an overflow do, for the reference
};

// nullptr where no row has that name; `takes` of the rows of one name tells them apart.
const Aggregate* find_aggregate(std::string_view lower_name, const Type* argument);
bool is_aggregate_name(std::string_view lower_name);
// Names in the order of the table, each once.
std::vector<std::string> aggregate_names();

}  // namespace weir
