#pragma once
// Says whether Weir may append to a table: it keeps the rules of a plain table and refuses one whose protocol or settings
// ask more of a writer (PROTOCOL.md, "Requirements for Writers").
//
// Threads: plain functions. Errors: Fault::config, naming the feature and what to do.

#include "base/result.h"
#include "delta/actions.h"
#include "delta/table_schema.h"

namespace weir::delta {

Status check_appendable(const Protocol& protocol, const Metadata& metadata, const TableSchema& schema);

}  // namespace weir::delta
