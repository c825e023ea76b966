#pragma once
// A Delta table in a local folder, as one of several writers that append to it sees it.
//
//   refresh    reads what others have committed since
//   commit     writes the next version in one step, link(2): a version is never written over. Where another took it, its commit
//              is read and the one after it is tried, without limit, unless it changed what the transaction rests on
//   then       every `delta.checkpointInterval` commits a checkpoint; its failure is logged and fails nothing
//
// An answer that leaves open whether the commit is in place is looked up by the id that each attempt carries. Data files are
// never deleted here: what no commit names is for VACUUM.
//
// Threads: one caller at a time. Ownership: keeps the session; the clock outlives the table. Errors: Fault::external for the
// disk and for a commit that is not readable; Fault::config for a log from which no version can be read.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "delta/log.h"
#include "delta/snapshot.h"
#include "sql/session.h"

namespace weir::delta {

// What becomes one commit.
struct Transaction {
  std::string operation;  // for the history: "STREAMING UPDATE"
  std::map<std::string, std::string> parameters = {};
  std::string engine;
  std::optional<Protocol> protocol = {};  // both of a table that is made
  std::optional<Metadata> metadata = {};
  std::vector<Txn> txns = {};
  std::vector<AddFile> files = {};
};

enum class Outcome {
  committed,
  changed,  // not committed: another commit changed the protocol, the metadata or one of our app ids; look and decide anew
};

class Table {
 public:
  // Nothing is touched. `tag` marks this writer's temporary files.
  Table(fs::Path path, std::string tag, std::shared_ptr<Session> io, const Clock& clock);

  const fs::Path& path() const { return path_; }
  // As of the last refresh or commit.
  const Snapshot& snapshot() const { return snapshot_; }

  Status refresh();
  // On top of snapshot(); makes the table where there is none. `changed` has moved snapshot() on.
  Result<Outcome> commit(const Transaction& transaction);
  // Removes temporary files of our tag that a kill left.
  Status sweep() const { return log_.sweep(); }

 private:
  Status load();
  Result<bool> load_from(const LogListing& listing, const CheckpointFiles* checkpoint);
  Result<bool> read_next();
  Result<std::optional<Outcome>> settle(const std::string& txn_id, const Transaction& transaction);
  std::string text_of(const Transaction& transaction, const std::string& txn_id) const;
  void checkpoint_if_due();
  void find_checkpoint(std::int64_t version);
  tl::unexpected<Error> unreadable(std::int64_t version, const Error& why) const;

  fs::Path path_;
  Log log_;
  std::shared_ptr<Session> io_;
  const Clock& clock_;
  Snapshot snapshot_;
  std::optional<CheckpointFiles> checkpoint_;  // the newest that was read or written
  bool loaded_ = false;
};

}  // namespace weir::delta
