#pragma once
// Reads a Delta table back by its log alone, without Weir's own reader of it: every commit's JSON from the first on, the
// last word on each file, partition values from the log. A checkpoint is not needed, and not looked at.
//
// Threads: plain functions.

#include <string>
#include <vector>

namespace weir::scenario {

// Each row as a JSON object, sorted. A folder without a log is an empty table.
std::vector<std::string> read_delta_rows(const std::string& path);

}  // namespace weir::scenario
