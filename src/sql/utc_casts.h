#pragma once
// Casts of timestamps without ICU. DuckDB asks ICU's calendar for each value, at 140 ns a cast; the time zone of a session
// is always UTC, where a date is a division.
//
// Threads: the session's one caller.

#include <duckdb.h>

#include "base/result.h"

namespace weir {

// TIMESTAMP WITH TIME ZONE to DATE and to TIMESTAMP. Only for sessions in UTC.
Status install_utc_casts(duckdb_connection connection);

}  // namespace weir
