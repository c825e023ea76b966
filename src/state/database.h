#pragma once
// One RocksDB database as the checkpoint uses it: column families by name, one write at a time that is whole or not at
// all, reads in key order. Everything that knows RocksDB's API and options is in database.cc and database_options.cc.
//
// After a write that failed the database is opened anew by the next call, so that what stands on the disk is known
// again. Writes set absolute values: repeating one that did land changes nothing.
//
// Threads: one caller at a time. Errors: damage is Fault::config and names the file; a full disk or one that refuses is
// Fault::external; a failed fsync ends the process (the kernel may have dropped what it could not write).

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "base/types.h"
#include "state/state_changes.h"

namespace weir {

using ScanRow = std::function<Status(std::string_view key, std::string_view value)>;

class Database {
 public:
  enum class Mode { create, existing, read_only };

  // `create`: the directory must not be there. `families` are made beside "default".
  static Result<std::unique_ptr<Database>> open(const fs::Path& path, Mode mode,
                                                const std::vector<std::string>& families = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::vector<std::string> families() const;
  Status add_family(const std::string& name);
  Status drop_family(const std::string& name);

  Result<std::optional<std::string>> get(const std::string& family, std::string_view key);
  // begin <= key < end in order, until `row` gives an error; an empty `end` means to the last.
  Status scan(const std::string& family, std::string_view begin, std::string_view end, const ScanRow& row);

  enum class Sync { yes, no };
  Status write(const std::vector<StateChange>& changes, Sync sync);

  // Of the last write; never smaller after a restart, or writes were lost.
  std::uint64_t sequence() const;
  Bytes disk_bytes() const;

 private:
  struct Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
