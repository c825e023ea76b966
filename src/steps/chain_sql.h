#pragma once
// Writes the two statements of a chain.
//
// Both compute the same, clause by clause in the written order: a condition short-circuits within itself (it stands in a
// CASE), a projection is computed for every row that reaches it. That the optimizer keeps this order is said by weir_same()
// (sql/notes.h) in the fast statement, and by having no WHERE in the careful one.
//
// Threads: plain functions.

#include <string>

#include "steps/chain_plan.h"

namespace weir {

// The rows that pass, in one nested SELECT; weir_note(fate, row) for each row that a clause takes out, or that a `warn`
// counts. Throws where an expression fails. A chain without a projection gives only count(*).
std::string fast_sql(const ChainPlan& plan);

// One row for each row of the input, in order; never throws for a value:
//   _weir_fate   UINTEGER, NULL for a row that passes
//   _weir_values VARCHAR[], the columns that its last expression names
//   _weir_w<fate> BOOLEAN for each `warn`: TRUE if it held, NULL for a row that did not come that far
std::string careful_sql(const ChainPlan& plan);

}  // namespace weir
