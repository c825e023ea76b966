#pragma once
// The closed list of functions that a user's expression may call: deterministic ones of DuckDB's core, JSON and ICU. A
// test holds it against duckdb_functions(), so that a new version of DuckDB cannot add to it in silence.
//
// Threads: plain functions.

#include <string_view>
#include <vector>

namespace weir {

bool is_allowed_function(std::string_view lower_name);

// Why a well-known function is refused and what to write instead; empty where nothing particular is known.
std::string_view why_refused(std::string_view lower_name);

// Sorted.
std::vector<std::string_view> allowed_functions();

}  // namespace weir
