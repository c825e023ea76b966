#pragma once
// Says what must come out of a generated case: SQL over the whole input, in a DuckDB of its own.
//
// Threads: one caller at a time. Errors: throws; a case that the oracle cannot compute is a mistake of the test.

#include <string>
#include <vector>

#include "generated/generated_case.h"

namespace weir::generated {

// Each row a JSON object with the case's columns.
std::vector<Json> expected_rows(const Case& generated);

}  // namespace weir::generated
