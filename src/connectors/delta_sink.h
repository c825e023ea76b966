#pragma once
// Appends batches to a Delta table in a local folder, each once. What a batch writes and the memory of it are one commit of the
// table's log, three `txn` actions beside the files:
//
//   <writer>/<sink>/n       N          <writer>/<sink>/plan   63 bits of the plan's hash
//   <writer>/<sink>/epoch   the epoch of the checkpoint that wrote it
//
// and `weir/<pipeline>/<sink>/writer`, 63 bits of the writer's hash, by which another checkpoint of the same sink is known.
// The table is made by the first batch that has rows. Others may append to it, too: other pipelines, other sinks of this one,
// deltalake. With `schema: merge` columns that the table lacks are added to it, nullable.
//
// Errors: as connectors/sink.h. Fault::config where the table asks of its writers what Weir does not keep, or a column does
// not fit. Files of an attempt that failed before its commit was tried are removed; after that nothing is ever deleted.
//
// Threads: one caller at a time. Ownership: shares the io session; the clock outlives the sink.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/sink_spec.h"
#include "connectors/sink.h"
#include "delta/layout.h"
#include "delta/partition.h"
#include "delta/table.h"
#include "sql/session.h"

namespace weir {

class DeltaSink final : public Sink {
 public:
  // `io` is a session of SessionKind::io.
  DeltaSink(std::string pipeline, std::string name, DeltaSinkSpec spec, std::shared_ptr<Session> io,
            const Clock& clock);

  Guarantee guarantee() const override { return Guarantee::exactly_once; }
  Status verify(const Schema& schema) override;
  Status open(const std::string& writer, Epoch epoch) override;
  Result<std::optional<BatchId>> landed() override;
  Result<Written> write(const BatchId& id, const Batch& rows) override;

 private:
  // Files that are in place and in no commit yet, and what they were written as.
  struct Prepared {
    delta::Layout layout;
    std::vector<delta::AddFile> files;
  };

  std::string app_id(std::string_view what) const { return writer_ + "/" + name_ + "/" + std::string(what); }
  std::string owner_id() const { return "weir/" + pipeline_ + "/" + name_ + "/writer"; }
  std::optional<BatchId> remembered() const;
  Status check_owner(Epoch epoch) const;
  Result<bool> has(const BatchId& id) const;
  Result<delta::Fit> fit(const delta::Table& table, const Schema& rows) const;
  Status prepare(const delta::Layout& layout, const delta::PartitionParts& parts, std::optional<Prepared>& prepared);
  Result<delta::Transaction> transaction(const BatchId& id, const Schema& rows, const delta::Fit& fit,
                                         const std::vector<delta::AddFile>& files) const;
  std::vector<Rejected> rejected(const Batch& rows, const std::vector<delta::RefusedRow>& refused) const;
  tl::unexpected<Error> foreign_error(std::string_view why) const;
  Error with_name(Error error) const;

  std::string pipeline_;
  std::string name_;
  DeltaSinkSpec spec_;
  fs::Path root_;
  std::shared_ptr<Session> io_;
  const Clock& clock_;
  std::string writer_;
  std::optional<delta::Table> table_;  // from open
};

}  // namespace weir
