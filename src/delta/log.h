#pragma once
// The folder `_delta_log` of a table: its names, and how a commit gets in.
//
//   00000000000000000012.json                 commit 12; put in place by link(2), never over another
//   00000000000000000010.checkpoint.parquet   all that counts at version 10; several writers may each write one
//   .weir-<tag>-<uuid>.tmp                    not in place yet; no reader takes it for a part of the log
//
// Threads: one caller at a time. Errors: Fault::external for the disk. A failed fsync ends the process.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace weir::delta {

// The files of one checkpoint: one, or all of its parts.
struct CheckpointFiles {
  std::int64_t version = 0;
  std::vector<fs::Path> files;
};

struct LogListing {
  std::vector<std::int64_t> commits;         // ascending
  std::vector<CheckpointFiles> checkpoints;  // ascending, whole ones only
};

class Log {
 public:
  // Nothing is touched. `tag` marks the temporary files of this writer.
  Log(const fs::Path& table, std::string tag) : folder_(table / "_delta_log"), tag_(std::move(tag)) {}

  const fs::Path& folder() const { return folder_; }
  fs::Path commit_path(std::int64_t version) const;
  fs::Path checkpoint_path(std::int64_t version) const;

  Result<LogListing> list() const;
  // nullopt: there is no such commit.
  Result<std::optional<std::string>> read(std::int64_t version) const;
  // The commit. On an error it may be in place all the same: look it up.
  Result<fs::Linked> put(std::int64_t version, std::string_view text) const;
  // Writes `_last_checkpoint` anew in one step.
  Status point_to_checkpoint(std::string_view text) const;
  // The version in `_last_checkpoint`; -1 where it is not there or not readable: it is only a hint.
  std::int64_t pointed_checkpoint() const;

  // A name for a file that is not in place yet.
  fs::Path aside() const;
  // Removes such files of our tag, left by a kill.
  Status sweep() const;

 private:
  fs::Path folder_;
  std::string tag_;
};

}  // namespace weir::delta
