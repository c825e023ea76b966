#include "connectors/file_sink.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "connectors/file_format.h"

namespace weir {
namespace {

// Rows [begin, end) of a batch.
Batch slice(const Batch& rows, std::uint64_t begin, std::uint64_t end) {
  if (begin == 0 && end == rows.rows()) return rows;
  std::vector<std::uint64_t> picked(end - begin);
  std::iota(picked.begin(), picked.end(), begin);
  return take_rows(rows, picked);
}

// What COPY could not do is the disk's fault, not the rows': all that depends on them was bound before.
Error copy_error(Error error, const fs::Path& path) {
  if (error.fault == Fault::internal) return error;
  return {Fault::external, Retry::with_backoff,
          "cannot write the file: " + error.message +
              "; if the disk is full, free space: nothing was lost, the batch is written again",
          path.string()};
}

}  // namespace

FileSink::FileSink(std::string pipeline, std::string name, FileSinkSpec spec, std::shared_ptr<Session> io)
    : pipeline_(std::move(pipeline)),
      name_(std::move(name)),
      spec_(std::move(spec)),
      root_(spec_.path),
      io_(std::move(io)),
      partitioner_(name_, spec_.partition_by) {}

Status FileSink::verify(const Schema& schema) {
  const Schema visible = schema.visible();
  for (const std::string& column : spec_.partition_by) {
    const auto found = visible.find(column);
    if (!found)
      return fail(Fault::config, fmt::format("sink '{}': no column '{}' to partition by; there are: {}", name_, column,
                                             to_string(visible)));
    if (!visible.columns()[*found].type.children.empty())
      return fail(Fault::config,
                  fmt::format("sink '{}': column '{}' is nested: partition by a plain one", name_, column));
  }
  if (file_schema(spec_, schema).size() == 0)
    return fail(Fault::config, fmt::format("sink '{}': no column is left for the files: partition by fewer", name_));
  if (auto checked = check_format(spec_, schema); !checked)
    return fail(Fault::config, fmt::format("sink '{}': {}", name_, checked.error().message));
  return fs::check_writable(root_);
}

Status FileSink::open(const std::string& writer, Epoch epoch) {
  const Owner ours{pipeline_, name_, writer, epoch};
  if (const auto other = TRY(ManifestFolder::foreign(root_, ours)))
    return foreign_error(
        fmt::format("checkpoint {} of pipeline '{}' wrote here, ours is {}", other->writer, other->pipeline, writer));
  writer_ = writer;
  folder_.emplace(root_, writer, name_);
  TRY(fence(epoch));
  const auto newest = TRY(folder_->newest());
  if (newest && newest->id.epoch > epoch) return foreign_error("a later epoch of this checkpoint wrote here");
  TRY(folder_->claim(ours));
  return sweep(newest);
}

Result<std::optional<BatchId>> FileSink::landed() {
  CHECK(folder_.has_value(), "open comes before landed");
  const auto newest = TRY(folder_->newest());
  return newest ? std::optional(newest->id) : std::nullopt;
}

Result<Written> FileSink::write(const BatchId& id, const Batch& rows) {
  CHECK(folder_.has_value() && id.writer == writer_, "a sink writes for the writer that opened it");
  TRY(fence(id.epoch));
  if (unshown_ && unshown_->id.number != id.number) TRY(show(*unshown_, Missing::taken));
  // Before the look-up: a repeat must refuse the same rows again.
  Parts parts = TRY(partitioner_.split(*io_, rows));
  auto manifest = TRY(folder_->find(id.number));
  const bool repeated = manifest.has_value();
  if (repeated) {
    TRY(check_ours(*manifest, id));
  } else {
    TRY(check_not_older(id));
    manifest = TRY(land(id, parts));
  }
  unshown_ = *manifest;
  TRY(show(*manifest, repeated ? Missing::taken : Missing::error));
  unshown_.reset();
  TRY(folder_->prune());
  return Written{manifest->rows(), manifest->bytes(), manifest->files.size(), repeated, std::move(parts.rejected)};
}

Status FileSink::fence(Epoch epoch) const {
  const auto owner = TRY(folder_->owner());
  if (owner && owner->epoch > epoch)
    return foreign_error(
        fmt::format("epoch {} of this checkpoint has it, ours is {}; a copy of the checkpoint ran "
                    "after this one",
                    owner->epoch.value, epoch.value));
  return {};
}

Status FileSink::check_ours(const Manifest& manifest, const BatchId& id) const {
  if (manifest.id.writer == id.writer && manifest.id.plan_hash == id.plan_hash && manifest.id.epoch <= id.epoch)
    return {};
  return foreign_error(fmt::format("batch {} is here already, from another plan", id.number.value));
}

Status FileSink::check_not_older(const BatchId& id) const {
  const auto newest = TRY(folder_->newest());
  if (!newest || newest->id.number < id.number) return {};
  return foreign_error(fmt::format("batch {} is here already, ours is {}", newest->id.number.value, id.number.value));
}

tl::unexpected<Error> FileSink::foreign_error(std::string_view why) const {
  return fail(
      Fault::config,
      fmt::format("sink '{}': another writer owns this: {}; go on with that checkpoint, or give this sink another "
                  "path",
                  name_, why),
      root_.string());
}

Result<Manifest> FileSink::land(const BatchId& id, const Parts& parts) {
  Manifest manifest{pipeline_, name_, id, {}};
  if (Status written = write_parts(parts, manifest); !written) {
    discard(manifest);  // no commit was tried yet
    return fail(written.error());
  }
  if (TRY(folder_->commit(manifest)) == fs::Linked::done) return manifest;
  auto theirs = TRY(folder_->find(id.number));
  if (!theirs)
    return fail(Fault::external, "the manifest is there and then is not; is the directory shared?", root_.string());
  TRY(check_ours(*theirs, id));
  if (theirs->id.epoch != id.epoch) discard(manifest);
  return std::move(*theirs);
}

Status FileSink::write_parts(const Parts& parts, Manifest& manifest) {
  CRASH_POINT("file_sink.before_data");
  for (const Part& part : parts.parts) TRY(write_part(part, manifest));
  CRASH_POINT("file_sink.after_data");
  TRY(sync_files(manifest));
  CRASH_POINT("file_sink.after_sync");
  return {};
}

Status FileSink::write_part(const Part& part, Manifest& manifest) {
  const std::uint64_t total = part.rows.rows();
  TRY(fs::make_directories(root_ / part.directory));
  for (std::uint64_t begin = 0; begin < total;) {
    const std::uint64_t end = std::min(total, begin + roll_rows());
    const std::string name = fmt::format("{}-{}-{}.{}", writer_.substr(0, 8), manifest.id.number.value,
                                         manifest.files.size(), file_extension(spec_));
    const std::string path = part.directory.empty() ? name : part.directory + "/" + name;
    TRY(write_file(slice(part.rows, begin, end), path, manifest));
    begin = end;
  }
  return {};
}

Status FileSink::write_file(const Batch& rows, const std::string& path, Manifest& manifest) {
  if (fs::exists(root_ / path))
    return fail(Fault::config, "a file of our name is there without a commit of ours; give each sink a path of its own",
                (root_ / path).string());
  const fs::Path scratch = scratch_of(path, manifest.id.epoch);
  manifest.files.push_back({path, rows.rows(), Bytes(0), 0});
  TRY(fault_point("file_sink.copy"));
  TRY(fs::remove_file(scratch));
  Query copy = TRY(io_->prepare(copy_statement(spec_, rows.schema(), scratch.string()), {{"input", rows.schema()}}));
  const auto copied = copy.execute(rows);
  if (!copied) return fail(copy_error(copied.error(), root_ / path));
  CHECK(*copied == rows.rows(), "COPY wrote every row");
  const Bytes size = TRY(fs::size_of(scratch));
  manifest.files.back().bytes = size;
  bytes_a_row_ = static_cast<double>(size.value) / static_cast<double>(rows.rows());
  return {};
}

Status FileSink::sync_files(Manifest& manifest) const {
  for (ManifestFile& file : manifest.files) {
    const fs::Path scratch = scratch_of(file.path, manifest.id.epoch);
    TRY(fs::sync_file(scratch));
    file.checksum = TRY(fs::hash_file(scratch));
  }
  return fs::sync_directory(folder_->scratch());
}

// Rows of the next file. Before anything was written a row counts as 128 bytes.
std::uint64_t FileSink::roll_rows() const {
  std::uint64_t rows = spec_.roll.rows.value_or(UINT64_MAX);
  if (spec_.roll.size) {
    const double a_row = bytes_a_row_ > 0 ? bytes_a_row_ : 128;
    const auto fit = static_cast<std::uint64_t>(static_cast<double>(spec_.roll.size->value) / a_row);
    rows = std::min(rows, std::max(fit, roll_rows_min));
  }
  return std::clamp(rows, std::uint64_t{1}, std::uint64_t{1} << 40);
}

Status FileSink::show(const Manifest& manifest, Missing missing) const {
  std::set<fs::Path> directories;
  for (const ManifestFile& file : manifest.files) {
    TRY(show_file(file, manifest.id.epoch, missing));
    directories.insert((root_ / file.path).parent_path());
  }
  for (const fs::Path& directory : directories)
    if (fs::exists(directory)) TRY(fs::sync_directory(directory));
  TRY(fs::sync_directory(folder_->scratch()));
  CRASH_POINT("file_sink.after_rename");
  return {};
}

Status FileSink::show_file(const ManifestFile& file, Epoch epoch, Missing missing) const {
  const fs::Path scratch = scratch_of(file.path, epoch);
  const fs::Path shown = root_ / file.path;
  if (!fs::exists(scratch)) {
    if (fs::exists(shown)) return {};
    if (missing == Missing::error)
      return fail(Fault::config, "a committed file vanished from the scratch folder; does another program clean it?",
                  scratch.string());
    log::warn("a committed file is not there any more", {{"path", shown.string()}});
    return {};
  }
  if (missing == Missing::taken && TRY(fs::hash_file(scratch)) != file.checksum)
    return fail(Fault::config, "a committed file is damaged: its checksum is not the manifest's", scratch.string());
  if (fs::exists(shown)) {
    // A power loss may leave half of a rename: the name that was synced, and the old one that was not removed for good.
    if (TRY(fs::hash_file(shown)) == file.checksum) return fs::remove_file(scratch);
    return fail(Fault::config, "another file took the name of a committed one; move it away", shown.string());
  }
  TRY(fs::make_directories(shown.parent_path()));
  TRY(fs::rename_file(scratch, shown));
  CRASH_POINT("file_sink.mid_rename");
  return {};
}

void FileSink::discard(const Manifest& manifest) const {
  for (const ManifestFile& file : manifest.files) {
    const fs::Path scratch = scratch_of(file.path, manifest.id.epoch);
    if (const Status removed = fs::remove_file(scratch); !removed)
      log::warn("cannot remove a scratch file", {{"error", removed.error().text()}});
  }
}

// Only the newest batch may be unfinished: a batch begins when the one before it is in place. All other scratch is left over.
Status FileSink::sweep(const std::optional<Manifest>& newest) {
  std::set<std::string> committed;
  if (newest) {
    TRY(show(*newest, Missing::taken));
    for (const ManifestFile& file : newest->files)
      committed.insert(scratch_of(file.path, newest->id.epoch).filename().string());
  }
  const auto names = TRY(fs::list(folder_->scratch()));
  for (const std::string& name : names) {
    const bool data = name.starts_with(writer_.substr(0, 8) + "-");
    const bool manifest = name.find(".json.") != std::string::npos;
    if (name.ends_with(".tmp") && (data || manifest) && !committed.contains(name))
      TRY(fs::remove_file(folder_->scratch() / name));
  }
  return folder_->sweep();
}

fs::Path FileSink::scratch_of(const std::string& path, Epoch epoch) const {
  return folder_->scratch() / fmt::format("{}.{}.tmp", fs::Path(path).filename().string(), epoch.value);
}

}  // namespace weir
