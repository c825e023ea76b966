#pragma once
// Turns DuckDB's errors into Errors: a value that does not fit (conversion, range, overflow) is Fault::data; memory, disk and files
// are Fault::external; a statement that cannot be bound is Fault::config; what DuckDB calls internal is Fault::internal.
//
// Threads: plain functions.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <duckdb.h>

#include "base/result.h"

namespace weir {

// What DuckDB said, without its own noise ("LINE 1:", the caret, class names, hints at its settings).
struct SqlMessage {
  std::string text;
  std::optional<std::size_t> position;  // byte in the statement, where DuckDB knows it
};

SqlMessage clean_message(std::string_view raw);

Error to_error(duckdb_error_type type, std::string_view raw);

}  // namespace weir
