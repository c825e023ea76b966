#include "state/database.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/check.h"
#include "state/database_options.h"

namespace weir {
namespace {

constexpr std::string_view remedy =
    "restore it from a backup (weir checkpoint restore), or give the pipeline another checkpoint.path";

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Error to_error(const rocksdb::Status& status, const fs::Path& path) {
  const std::string text = status.ToString();
  // The message of RocksDB's POSIX files is the only sign of which call failed.
  if (contains(text, "While fsync") || contains(text, "While fdatasync"))
    check_failed(__FILE__, __LINE__, "fsync", text);
  const std::string place = path.string();
  if (status.IsNoSpace() || contains(text, "Disk quota exceeded") || contains(text, "File too large")) {
    return {Fault::external, Retry::with_backoff,
            "disk full: free space on this file system, nothing was lost: " + text, place};
  }
  if (status.IsIOError() && (contains(text, "lock ") || contains(text, "LOCK")))
    return {Fault::config, Retry::no, "the checkpoint's database is in use by another process: " + text, place};
  if (contains(text, "Permission denied"))
    return {Fault::external, Retry::with_backoff, "give the daemon's user access: " + text, place};
  if (status.IsIOError() && !contains(text, "No such file"))
    return {Fault::external, Retry::with_backoff, "the disk refuses: " + text, place};
  if (status.IsCorruption() || status.IsNotFound() || status.IsInvalidArgument() || status.IsIOError() ||
      status.IsNotSupported() || status.IsIncomplete())
    return {Fault::config, Retry::no, fmt::format("the checkpoint is damaged: {}: {}", remedy, text), place};
  return {Fault::internal, Retry::no, "RocksDB: " + text, place};
}

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view view(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

}  // namespace

struct Database::Impl {
  fs::Path path;
  Mode mode = Mode::existing;
  std::unique_ptr<rocksdb::DB> db;  // null after a failed write, until opened anew
  std::map<std::string, rocksdb::ColumnFamilyHandle*> handles;
  bool broken = false;
  std::uint64_t last_sequence = 0;

  ~Impl() { close(); }

  void close() {
    if (!db) return;
    for (const auto& [name, handle] : handles) db->DestroyColumnFamilyHandle(handle);
    handles.clear();
    db.reset();
  }

  Status open(bool create) {
    rocksdb::DBOptions options = database_options();
    options.create_if_missing = create;
    options.error_if_exists = create;
    std::vector<std::string> names{rocksdb::kDefaultColumnFamilyName};
    if (!create) {
      const auto listed = rocksdb::DB::ListColumnFamilies(options, path.string(), &names);
      if (!listed.ok()) return fail(to_error(listed, path));
    }
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, family_options());
    std::vector<rocksdb::ColumnFamilyHandle*> opened;
    rocksdb::DB* raw = nullptr;
    const auto status = mode == Mode::read_only
                            ? rocksdb::DB::OpenForReadOnly(options, path.string(), families, &opened, &raw)
                            : rocksdb::DB::Open(options, path.string(), families, &opened, &raw);
    if (!status.ok()) return fail(to_error(status, path));
    db.reset(raw);
    for (std::size_t i = 0; i < names.size(); ++i) handles[names[i]] = opened[i];
    if (db->GetLatestSequenceNumber() < last_sequence)
      return fail(Fault::config, fmt::format("the checkpoint is damaged: {}: synced writes are gone", remedy),
                  path.string());
    broken = false;
    last_sequence = db->GetLatestSequenceNumber();
    return {};
  }

  // Opens anew after a write that failed.
  Status ready() {
    if (!broken) return {};
    close();
    return open(false);
  }

  tl::unexpected<Error> write_failed(const rocksdb::Status& status) {
    broken = true;
    return fail(to_error(status, path));
  }

  rocksdb::ColumnFamilyHandle* handle(const std::string& family) const {
    const auto found = handles.find(family);
    if (found == handles.end()) check_failed(__FILE__, __LINE__, "known column family", family);
    return found->second;
  }
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const fs::Path& path, Mode mode,
                                                 const std::vector<std::string>& families) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->mode = mode;
  TRY(impl->open(mode == Mode::create));
  std::unique_ptr<Database> database(new Database(std::move(impl)));
  if (mode == Mode::create) {
    for (const std::string& family : families) TRY(database->add_family(family));
  }
  return database;
}

std::vector<std::string> Database::families() const {
  std::vector<std::string> names;
  for (const auto& [name, handle] : impl_->handles) names.push_back(name);
  return names;
}

Status Database::add_family(const std::string& name) {
  TRY(impl_->ready());
  if (impl_->handles.contains(name)) return {};
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  const auto status = impl_->db->CreateColumnFamily(family_options(), name, &handle);
  if (!status.ok()) return impl_->write_failed(status);
  impl_->handles[name] = handle;
  return {};
}

Status Database::drop_family(const std::string& name) {
  TRY(impl_->ready());
  const auto found = impl_->handles.find(name);
  if (found == impl_->handles.end()) return {};
  const auto status = impl_->db->DropColumnFamily(found->second);
  if (!status.ok()) return impl_->write_failed(status);
  impl_->db->DestroyColumnFamilyHandle(found->second);
  impl_->handles.erase(found);
  return {};
}

Result<std::optional<std::string>> Database::get(const std::string& family, std::string_view key) {
  TRY(impl_->ready());
  std::string value;
  const auto status = impl_->db->Get({}, impl_->handle(family), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error(status, impl_->path));
  return value;
}

Status Database::scan(const std::string& family, std::string_view begin, std::string_view end, const ScanRow& row) {
  TRY(impl_->ready());
  rocksdb::ReadOptions options;
  const rocksdb::Slice upper = slice(end);
  if (!end.empty()) options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at(impl_->db->NewIterator(options, impl_->handle(family)));
  for (at->Seek(slice(begin)); at->Valid(); at->Next()) TRY(row(view(at->key()), view(at->value())));
  if (!at->status().ok()) return fail(to_error(at->status(), impl_->path));
  return {};
}

Status Database::write(const std::vector<StateChange>& changes, Sync sync) {
  TRY(impl_->ready());
  rocksdb::WriteBatch batch;
  for (const StateChange& change : changes) {
    rocksdb::ColumnFamilyHandle* const family = impl_->handle(change.family);
    rocksdb::Status added;
    switch (change.kind) {
      case StateChange::Kind::put: added = batch.Put(family, slice(change.key), slice(change.value)); break;
      case StateChange::Kind::erase: added = batch.Delete(family, slice(change.key)); break;
      case StateChange::Kind::erase_range:
        added = batch.DeleteRange(family, slice(change.key), slice(change.value));
        break;
    }
    CHECK(added.ok(), "a change that RocksDB cannot hold");
  }
  rocksdb::WriteOptions options;
  options.sync = sync == Sync::yes;
  const auto status = impl_->db->Write(options, &batch);
  if (!status.ok()) return impl_->write_failed(status);
  impl_->last_sequence = impl_->db->GetLatestSequenceNumber();
  return {};
}

std::uint64_t Database::sequence() const { return impl_->last_sequence; }

Bytes Database::disk_bytes() const {
  std::uint64_t total = 0;
  const auto names = fs::list(impl_->path);
  if (!names) return Bytes(0);
  for (const std::string& name : *names) {
    if (const auto size = fs::size_of(impl_->path / name)) total += size->value;
  }
  return Bytes(total);
}

}  // namespace weir
