#pragma once
// Fixes the order in which a condition is evaluated. DuckDB learns while it runs which side of an AND or OR is cheaper and
// swaps them, unless it believes that a side can throw; of some casts (to a narrower DECIMAL) it does not. So whether
// `x > 0 AND CAST(y AS DECIMAL(4,2)) > 1` fails for a row would depend on the rows before it. Where a side may fail, AND
// and OR become CASE, which keeps the written order: the left side guards the right one.
//
// Known limit: an expression with a lambda stays as it is, for DuckDB does not write lambdas as it reads them.
//
// Threads: plain functions. Include it from .cc files only (JSON).

#include "sql/ast.h"

namespace weir {

// Rewrites the tree of one expression. `condition`: only TRUE counts, as in a filter. True if anything changed.
bool fix_evaluation_order(Json& node, bool condition);

}  // namespace weir
