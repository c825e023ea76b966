#pragma once
// Remembers, outside the database, how far it was synced. A database whose log was cut at a record looks whole to itself;
// the mark tells that synced writes are gone. It is written after each synced write and synced itself now and then, so
// after a power loss it may be old but is never ahead. A mark that is gone or torn is made anew.
//
// Threads: one caller at a time.

#include <cstdint>
#include <optional>

#include "base/file_system.h"
#include "base/open_file.h"
#include "base/result.h"
#include "base/types.h"

namespace weir {

class SyncedMark {
 public:
  static Result<SyncedMark> open(const fs::Path& path);
  // The sequence number that the database had reached; nullopt where the mark cannot be read.
  std::optional<std::uint64_t> sequence() const { return sequence_; }
  Status set(std::uint64_t sequence);
  void sync() { file_.sync(); }

 private:
  explicit SyncedMark(fs::OpenFile file) : file_(std::move(file)) {}
  fs::OpenFile file_;
  std::optional<std::uint64_t> sequence_;
  int unsynced_ = 0;
};

}  // namespace weir
