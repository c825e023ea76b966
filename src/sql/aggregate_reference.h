#pragma once
// Writes the reference page of the SQL that a pipeline may use, from the tables of aggregates and functions.
//
// Threads: plain functions.

#include <string>

namespace weir {

// Markdown.
std::string sql_reference();

}  // namespace weir
