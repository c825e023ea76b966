#pragma once
// Reads and writes the checkpoints of a log: classic ones, a single Parquet file with all that counts at its version.
// The list of files goes from the old checkpoint to the new one inside DuckDB, so a table of a million files takes no
// million objects here.
//
// Threads: one caller at a time. Errors: Fault::data for a checkpoint that is not readable, Fault::external for the disk.

#include "base/clock.h"
#include "base/result.h"
#include "delta/log.h"
#include "delta/snapshot.h"
#include "sql/session.h"

namespace weir::delta {

// All but the files; `version` is the checkpoint's.
Result<Snapshot> read_checkpoint(Session& io, const CheckpointFiles& files);

// Writes the checkpoint of `snapshot.version` out of `previous` (nullptr: the table's beginning) and the commits since it, and
// points `_last_checkpoint` to it. One that is there already stays.
Status write_checkpoint(Session& io, const Log& log, const Snapshot& snapshot, const CheckpointFiles* previous,
                        const Clock& clock);

}  // namespace weir::delta
