#pragma once
// Shows rows to people: an aligned table, numbers to the right, control characters escaped (a record must not move a
// terminal's cursor), long values cut.
//
// Threads: one caller at a time. Errors: those of the session.

#include <cstddef>
#include <string>

#include "base/result.h"
#include "data/batch.h"
#include "sql/session.h"

namespace weir {

struct TableLimits {
  std::size_t rows = 20;
  std::size_t cell_width = 40;  // characters
};

// Header, rule and up to `limits.rows` rows of the visible columns, each line ended.
Result<std::string> text_table(Session& session, const Batch& rows, const TableLimits& limits = {});

// `text` on one line: control characters and bytes that are no UTF-8 as \xNN, cut to `width` characters with "…".
std::string printable(std::string_view text, std::size_t width);

}  // namespace weir
