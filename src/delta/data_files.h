#pragma once
// Writes the rows of a batch as Parquet files of a table, one a partition, under names that nobody had before, each synced with
// its directory: a commit may name them when write() returns. Timestamps are INT64 microseconds adjusted to UTC.
//
// Threads: one caller at a time. Errors: Fault::external for the disk; then the files of this attempt are removed, no commit
// named them.

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "delta/actions.h"
#include "delta/layout.h"
#include "delta/partition.h"
#include "sql/session.h"

namespace weir::delta {

Result<std::vector<AddFile>> write_data_files(Session& io, const fs::Path& table, const Layout& layout,
                                              const std::vector<PartitionPart>& parts, const Clock& clock);

}  // namespace weir::delta
