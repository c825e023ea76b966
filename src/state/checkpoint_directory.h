#pragma once
// Opens a checkpoint's directory: takes the lease, makes the database the first time, refuses what is not ours, newer or
// damaged, all before anything of it is changed.
//
// A new database is made whole under another name and then renamed, so a crash leaves either none or a whole one; a
// directory that has the other files but no database has lost it.
//
// Threads: one caller. Ownership: the lease ends with the value. Errors: Fault::config with the ways out.

#include <memory>
#include <string>

#include "base/file_system.h"
#include "base/result.h"
#include "base/types.h"
#include "state/checkpoint_history.h"
#include "state/database.h"
#include "state/lease.h"
#include "state/synced_mark.h"

namespace weir {

struct CheckpointDirectory {
  Lease lease;  // first: given back last
  SyncedMark mark;
  std::unique_ptr<Database> database;
  Identity identity;
  bool fresh = false;
};

Result<CheckpointDirectory> open_directory(const fs::Path& path, const std::string& pipeline, Micros now);

}  // namespace weir
