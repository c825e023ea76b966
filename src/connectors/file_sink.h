#pragma once
// Writes batches as files (Parquet, JSON lines or CSV) into a directory, each batch once. Readers see a file under its final
// name, `<writer8>-<N>-<i>.<ext>`, only after its batch is committed; what a writer left half done is finished or removed at open.
//
//   write    DuckDB's COPY to scratch files (same file system), each synced; no name a reader's glob matches
//   commit   a manifest that lists them, put in place by link(2): see connectors/file_manifest.h
//   show     scratch files renamed to their final names, directories synced
//
// After the link nothing is ever deleted on a doubt: an unclear answer is looked up by the next write of the same batch.
// Only scratch files that carry our writer's name are removed.
//
// Threads: one caller at a time. Ownership: shares the io session with other sinks of the worker. Errors: see
// connectors/sink.h; a full disk is Fault::external, the attempt's scratch is removed and the batch can be written again.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/sink_spec.h"
#include "connectors/file_manifest.h"
#include "connectors/partition_path.h"
#include "connectors/sink.h"
#include "sql/session.h"

namespace weir {

class FileSink final : public Sink {
 public:
  // With `roll.size`, files are cut where what was written so far says that the size is reached, never below this many rows.
  static constexpr std::uint64_t roll_rows_min = 2048;

  // `io` is a session of SessionKind::io.
  FileSink(std::string pipeline, std::string name, FileSinkSpec spec, std::shared_ptr<Session> io);

  Guarantee guarantee() const override { return Guarantee::exactly_once; }
  Status verify(const Schema& schema) override;
  Status open(const std::string& writer, Epoch epoch) override;
  Result<std::optional<BatchId>> landed() override;
  Result<Written> write(const BatchId& id, const Batch& rows) override;

 private:
  Status fence(Epoch epoch) const;
  Status check_ours(const Manifest& manifest, const BatchId& id) const;
  Status check_not_older(const BatchId& id) const;

  Result<Manifest> land(const BatchId& id, const Parts& parts);
  Status write_parts(const Parts& parts, Manifest& manifest);
  Status write_part(const Part& part, Manifest& manifest);
  Status write_file(const Batch& rows, const std::string& path, Manifest& manifest);
  Status sync_files(Manifest& manifest) const;
  std::uint64_t roll_rows() const;

  enum class Missing { error, taken };  // taken: a reader may have moved the file away
  Status show(const Manifest& manifest, Missing missing) const;
  Status show_file(const ManifestFile& file, Epoch epoch, Missing missing) const;
  Status sweep(const std::optional<Manifest>& newest);
  void discard(const Manifest& manifest) const;

  fs::Path scratch_of(const std::string& path, Epoch epoch) const;
  tl::unexpected<Error> foreign_error(std::string_view why) const;

  std::string pipeline_;
  std::string name_;
  FileSinkSpec spec_;
  fs::Path root_;
  std::shared_ptr<Session> io_;
  Partitioner partitioner_;
  std::string writer_;
  std::optional<ManifestFolder> folder_;  // from open
  std::optional<Manifest> unshown_;       // committed, but its files did not all get their names
  double bytes_a_row_ = 0;                // as written last; 0: nothing was
};

}  // namespace weir
