#include "delta/data_files.h"

#include <set>

#include <fmt/format.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/uuid.h"
#include "delta/statistics.h"

namespace weir::delta {
namespace {

std::string copy_statement(const Layout& layout, const fs::Path& path) {
  std::string select;
  for (const StoredColumn& column : layout.columns)
    select += fmt::format("{}{} AS {}", select.empty() ? "" : ", ", column.expression, quote_identifier(column.name));
  return fmt::format("COPY (SELECT {} FROM input) TO {} (FORMAT parquet, COMPRESSION '{}', USE_TMP_FILE false)", select,
                     quote_literal(path.string()), layout.compression);
}

// What COPY could not do is the disk's fault, not the rows': all that depends on them was bound before.
Error copy_error(Error error, const fs::Path& path) {
  if (error.fault == Fault::internal || error.retry == Retry::no) return error;
  return {Fault::external, Retry::with_backoff,
          "cannot write the file: " + error.message +
              "; if the disk is full, free space: nothing was lost, the batch is written again",
          path.string()};
}

class FileWriter {
 public:
  FileWriter(Session& io, const fs::Path& table, const Layout& layout, const Clock& clock)
      : io_(io), table_(table), layout_(layout), clock_(clock) {}

  Status write(const PartitionPart& part) {
    const std::string directory = plain_directory(layout_.partition_columns, part.values);
    const std::string name = fmt::format("part-{:05}-{}.{}.parquet", written_.size(), mint_uuid(), layout_.compression);
    AddFile file;
    file.path = directory.empty() ? name : directory + "/" + name;
    for (std::size_t i = 0; i < part.values.size(); ++i)
      file.partition_values[layout_.partition_columns[i]] = part.values[i];
    const fs::Path path = table_ / file.path;
    TRY(fs::make_directories(path.parent_path()));
    written_.push_back(file);
    TRY(fault_point("delta_sink.copy"));
    Query copy = TRY(io_.prepare(copy_statement(layout_, path), {{"input", part.rows.schema()}}));
    const auto copied = copy.execute(part.rows);
    if (!copied) return fail(copy_error(copied.error(), path));
    CHECK(*copied == part.rows.rows(), "COPY wrote every row");
    file.size = TRY(fs::size_of(path)).value;
    file.modification_time = clock_.now().value / 1000;
    file.stats = TRY(statistics(io_, layout_, part.rows));
    written_.back() = std::move(file);
    return {};
  }

  Status sync() const {
    std::set<fs::Path> directories;
    for (const AddFile& file : written_) {
      const fs::Path path = table_ / file.path;
      TRY(fs::sync_file(path));
      directories.insert(path.parent_path());
    }
    for (const fs::Path& directory : directories) TRY(fs::sync_directory(directory));
    return {};
  }

  void discard() const {
    for (const AddFile& file : written_)
      if (const Status removed = fs::remove_file(table_ / file.path); !removed)
        log::warn("cannot remove a file of a failed write", {{"error", removed.error().text()}});
  }

  std::vector<AddFile> take() { return std::move(written_); }

 private:
  Session& io_;
  const fs::Path& table_;
  const Layout& layout_;
  const Clock& clock_;
  std::vector<AddFile> written_;
};

Status write_all(FileWriter& writer, const std::vector<PartitionPart>& parts) {
  CRASH_POINT("delta_sink.before_data");
  for (const PartitionPart& part : parts) TRY(writer.write(part));
  CRASH_POINT("delta_sink.after_data");
  TRY(writer.sync());
  CRASH_POINT("delta_sink.after_sync");
  return {};
}

}  // namespace

Result<std::vector<AddFile>> write_data_files(Session& io, const fs::Path& table, const Layout& layout,
                                              const std::vector<PartitionPart>& parts, const Clock& clock) {
  FileWriter writer(io, table, layout, clock);
  if (const Status written = write_all(writer, parts); !written) {
    writer.discard();
    return fail(written.error());
  }
  return writer.take();
}

}  // namespace weir::delta
