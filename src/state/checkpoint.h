#pragma once
// Keeps what a pipeline has decided and done: plans, commits, specs and the state of its steps, in one RocksDB database, so
// that offsets and state never disagree. One process has it open; each opening raises the epoch.
//
// The talk, for batch N = last_commit + 1:
//   open_plan()                       after open: plan N without commit N, to be run again; nullopt: decide anew
//   write_plan(plan, spec)            synced: from here on batch N is exactly this
//   drop_open_plan()                  synced: an open plan that no sink has seen is given up
//   amend_plan(N, rejections)         synced: later decisions, before the sink that made them commits
//   commit(commit, changes)           synced, one write: state changes + what the sinks have + "N is done"
// A call that failed with Fault::external may be repeated with the same values: it looks first at what is there.
//
// On disk: CHECKPOINT (whose it is, for people), LEASE (who has it open), SYNCED (how far the log was synced), db/
// (RocksDB). CHECKPOINT and SYNCED are made anew when they are gone; damage to db/ is a named error, never a fresh start.
//
// Threads: one caller at a time. Ownership: hold it as long as its tables live; closing gives the lease back.
// Errors: Fault::config for what a restart does not cure (in use, another pipeline's, damaged, newer format), naming the
// ways out; Fault::external for a disk that is full or refuses. A failed fsync ends the process.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "base/types.h"
#include "state/commit.h"
#include "state/plan.h"
#include "state/state_changes.h"

namespace weir {

struct OpenOptions {
  std::string pipeline;      // its name; a checkpoint of another one is refused
  Micros now;                // for the lease's message
  std::uint64_t keep = 200;  // batches whose plan and commit stay readable
};

class Checkpoint {
 public:
  static Result<std::unique_ptr<Checkpoint>> open(const fs::Path& path, const OpenOptions& options);
  ~Checkpoint();
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  const std::string& writer() const;  // UUID, minted once
  Epoch epoch() const;
  std::uint64_t secret() const;  // seed for hashes of keys: known to nobody who sends records
  bool fresh() const;            // made by this opening

  const std::optional<Commit>& last_commit() const;
  const std::optional<Plan>& open_plan() const;
  // The next batch: last commit's number plus one; 1 at first.
  BatchNumber next_number() const;
  // Plan and commit of one of the last batches kept; nullopt where there is none.
  Result<std::optional<Plan>> plan(BatchNumber number) const;
  Result<std::optional<Commit>> committed(BatchNumber number) const;
  Result<std::optional<std::string>> spec(std::string_view hash) const;

  // `spec` is the text that `plan.spec_hash` names; kept as long as a kept plan names it.
  Status write_plan(const Plan& plan, std::string_view spec);
  // Forgets the open plan, synced: only when no sink holds anything of its batch, which is then decided anew.
  Status drop_open_plan();
  Status amend_plan(BatchNumber number, const std::vector<SinkRejection>& rejections);
  Status commit(const Commit& commit, const StateChanges& changes = {});

  // Makes room for the state of a step, if there is none; `step` is its minted id. Gives the family's name.
  Result<std::string> state_family(std::string_view step);
  // Forgets all state of a step (`state: reset`): its own table and those named "<step>.<part>".
  Status drop_state(std::string_view step);
  Result<std::optional<std::string>> get(const std::string& family, std::string_view key) const;
  // Calls `row` with each key and value, begin <= key < end, in order, until it gives an error. Empty `end`: to the last.
  Status scan(const std::string& family, std::string_view begin, std::string_view end,
              const std::function<Status(std::string_view key, std::string_view value)>& row) const;

  Bytes disk_bytes() const;  // of db/, as stored

 private:
  struct Impl;
  explicit Checkpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What `weir checkpoint show` reads, beside a running worker: nothing is locked or written.
struct CheckpointSummary {
  std::string pipeline;
  std::string writer;
  int format = 0;
  Epoch epoch;
  std::optional<Plan> open_plan;
  std::vector<Plan> plans;      // kept ones, oldest first
  std::vector<Commit> commits;  // kept ones, oldest first
  std::vector<std::string> state_families;
};
Result<CheckpointSummary> read_checkpoint(const fs::Path& path);

}  // namespace weir
