#include "state/state_table.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/check.h"
#include "data/row_codec.h"
#include "state/bucket_log.h"
#include "state/byte_stream.h"
#include "state/checkpoint_history.h"
#include "state/row_bucket.h"
#include "state/sealed_rows.h"

namespace weir {
namespace {

constexpr std::size_t ahead = 8;             // keys between asking for a cache line and needing it
constexpr std::uint64_t blocks_max = 1'024;  // of a bucket, before they are folded into one
constexpr std::uint64_t parts_max = 8;       // sealed ones of a bucket, before they are sealed into one
constexpr std::uint64_t seal_least = 64 << 10;
constexpr std::uint64_t fold_slack = 64 << 10;
constexpr std::size_t time_end = 9;  // of the first key column in an encoded key: a mark and eight bytes

std::int64_t floor_to(std::int64_t time, std::int64_t width) {
  const std::int64_t rest = time % width;
  const std::int64_t down = rest < 0 ? rest + width : rest;
  return time < INT64_MIN + down ? INT64_MIN : time - down;
}

std::int64_t time_of(std::string_view key) {
  CHECK(key.size() >= time_end && key.front() != '\0', "the time of a row of state is never null");
  return from_ordered_bytes(key.substr(1));
}

}  // namespace

struct StateTable::Impl {
  BucketLog log;
  RowCodec key_codec;
  RowCodec row_codec;
  std::shared_ptr<const Schema> schema;
  std::size_t keys;
  std::int64_t width;
  std::uint64_t memory_max;
  std::map<std::int64_t, RowBucket> buckets = {};
  std::optional<std::int64_t> horizon = {};  // of this batch: rows before it are gone
  std::uint32_t round = 0;                   // of find
  SealedRows sealed = {};
  struct Sealing {
    std::int64_t start = 0;
    bool whole = false;  // takes the place of the bucket's older parts
  };
  std::vector<Sealing> sealing = {};    // buckets that go from memory with the commit
  SealedRows sealed_new = {};           // their parts
  std::set<std::int64_t> emptied = {};  // buckets that go with the commit because no row is left in them

  std::int64_t bucket_of(std::string_view key) const { return floor_to(time_of(key), width); }

  RowBucket* live_bucket(std::int64_t start) {
    const auto found = buckets.find(start);
    return found == buckets.end() ? nullptr : &found->second;
  }

  // Whether the bucket lies before the horizon as a whole.
  bool passed(std::int64_t start) const {
    return horizon && start < *horizon &&
           static_cast<std::uint64_t>(*horizon) - static_cast<std::uint64_t>(start) >=
               static_cast<std::uint64_t>(width);
  }

  std::vector<std::int64_t> passed_buckets() const {
    std::vector<std::int64_t> starts;
    for (const auto& [start, stored] : log.buckets())
      if (passed(start)) starts.push_back(start);
    return starts;
  }

  Status load() {
    const BucketLog::Load into{[this](std::int64_t bucket, std::string_view block) -> Status {
                                 const Status applied = buckets[bucket].apply(block);
                                 return applied ? Status{} : fail(damaged(applied.error().message));
                               },
                               [this](std::int64_t bucket, std::uint64_t part, std::string_view text) {
                                 return sealed.load(bucket, part, text);
                               }};
    TRY(log.load(into));
    for (auto& [start, bucket] : buckets) bucket.merge(sealed.has(start));
    return {};
  }

  std::uint64_t memory() const {
    std::uint64_t bytes = sealed.memory();
    for (const auto& [start, bucket] : buckets) bytes += bucket.memory();
    return bytes;
  }

  // Whether this batch erased the last row of a bucket, sealed ones included.
  bool has_emptied(std::int64_t start, const RowBucket& bucket) const {
    return !passed(start) && bucket.changed() && bucket.live_rows() == 0 && bucket.hiding() == sealed.rows(start);
  }

  // Rows that can be found, of buckets that have not passed.
  std::uint64_t rows() const {
    std::uint64_t rows = 0;
    for (const auto& [start, bucket] : buckets)
      if (!passed(start)) rows += bucket.live_rows() - bucket.hiding();
    for (const std::int64_t start : sealed.buckets())
      if (!passed(start)) rows += sealed.rows(start);
    return rows;
  }

  // Whether a sealed part has a row with this key.
  Result<bool> in_sealed(std::int64_t start, std::string_view key) const {
    if (!sealed.has(start)) return false;
    std::deque<std::string> hold;
    return TRY(sealed.find(log, start, key, hold)).has_value();
  }

  Status set(std::int64_t start, std::string_view key, std::optional<std::string_view> row) {
    RowBucket* const bucket = live_bucket(start);
    if (const auto entry = bucket == nullptr ? std::nullopt : bucket->find(key)) {
      if (row || bucket->at(*entry).row) bucket->replace(*entry, row);
      return {};
    }
    const bool hides = TRY(in_sealed(start, key));
    if (row || hides) (bucket == nullptr ? buckets[start] : *bucket).add(key, row, hides);
    return {};
  }

  // All rows of a bucket, live and sealed, in the order of their keys; sealed ones look into `hold`.
  Result<std::vector<StoredRow>> all_rows(std::int64_t start, std::deque<std::string>& hold) {
    std::vector<StoredRow> rows;
    if (const RowBucket* const bucket = live_bucket(start)) rows = bucket->all(true);
    const std::vector<StoredRow> more = TRY(sealed.all(log, start, hold));
    rows.insert(rows.end(), more.begin(), more.end());
    // Live ones stand first and hide sealed ones.
    std::stable_sort(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) { return a.key < b.key; });
    rows.erase(
        std::unique(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) { return a.key == b.key; }),
        rows.end());
    std::erase_if(rows, [](const StoredRow& row) { return !row.row; });
    return rows;
  }

  // The coldest buckets, oldest first, until the others fit.
  void choose_sealing() {
    std::uint64_t held = memory();
    for (const auto& [start, bucket] : buckets) {
      if (held <= memory_max) return;
      if (passed(start) || emptied.contains(start) || bucket.memory() < seal_least) continue;
      sealing.push_back({start, sealed.parts(start) >= parts_max});
      held -= bucket.memory();
    }
  }

  Status seal(const Sealing& one, StateChanges& changes) {
    std::deque<std::string> hold;
    std::vector<StoredRow> rows;
    if (one.whole) {
      rows = TRY(all_rows(one.start, hold));
      for (StoredRow& row : rows) row.hides = false;
      log.drop(one.start, changes);
    } else {
      rows = buckets.at(one.start).all(sealed.has(one.start));
      std::sort(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) { return a.key < b.key; });
    }
    const SealedRows::Part part = SealedRows::make(rows);
    sealed_new.add(one.start, log.seal(one.start, part.pages, part.text, changes), part);
    return {};
  }

  bool is_sealing(std::int64_t start) const {
    return std::any_of(sealing.begin(), sealing.end(), [&](const Sealing& one) { return one.start == start; });
  }

  Result<Batch> batch_of(const std::vector<StoredRow>& rows) const {
    std::vector<std::shared_ptr<const Chunk>> chunks;
    std::vector<std::string_view> key_bytes;
    std::vector<std::string_view> row_bytes;
    const std::size_t size = duckdb_vector_size();
    for (std::size_t i = 0; i < rows.size(); i += size) {
      const std::size_t count = std::min(size, rows.size() - i);
      key_bytes.clear();
      row_bytes.clear();
      for (std::size_t j = i; j < i + count; ++j) {
        key_bytes.push_back(rows[j].key);
        row_bytes.push_back(*rows[j].row);
      }
      Chunk chunk = make_chunk(*schema);
      Status decoded = key_codec.decode(key_bytes, chunk.get(), 0);
      if (decoded) decoded = row_codec.decode(row_bytes, chunk.get(), keys);
      if (!decoded) return fail(damaged(decoded.error().message));
      duckdb_data_chunk_set_size(chunk.get(), count);
      chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
    }
    return Batch(schema, std::move(chunks));
  }

  // Calls `each(bucket, i)` for every key, with the next keys' cache lines on their way.
  template <class Each>
  Status for_each_key(const PackedRows& packed, Each&& each) {
    for (std::size_t i = 0; i < packed.size(); ++i) {
      if (i + 2 * ahead < packed.size()) {
        const std::string_view far = packed[i + 2 * ahead], near = packed[i + ahead];
        if (const RowBucket* const bucket = live_bucket(bucket_of(far))) bucket->prefetch(far);
        if (const RowBucket* const bucket = live_bucket(bucket_of(near))) bucket->prefetch_row(near);
      }
      TRY(each(bucket_of(packed[i]), i));
    }
    return {};
  }

  // Of all buckets that have something, in order.
  std::vector<std::int64_t> starts() const {
    std::vector<std::int64_t> all = sealed.buckets();
    for (const auto& [start, bucket] : buckets) all.push_back(start);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  void end_batch() {
    sealing.clear();
    sealed_new = {};
    emptied.clear();
    horizon.reset();
  }
};

StateTable::StateTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
StateTable::StateTable(StateTable&&) noexcept = default;
StateTable& StateTable::operator=(StateTable&&) noexcept = default;
StateTable::~StateTable() = default;

Result<StateTable> StateTable::open(Checkpoint& checkpoint, const StateTableOptions& options) {
  const std::vector<Column>& columns = options.schema.columns();
  CHECK(options.keys >= 1 && options.keys <= columns.size() && options.bucket_width.value > 0);
  const TypeKind time = columns[0].type.kind;
  CHECK(time == TypeKind::timestamp || time == TypeKind::timestamp_ntz, "a state table begins with a time");
  const auto first_value = columns.begin() + static_cast<std::ptrdiff_t>(options.keys);
  RowCodec key_codec = TRY(RowCodec::make({columns.begin(), first_value}, RowForm::key));
  RowCodec row_codec = TRY(RowCodec::make({first_value, columns.end()}, RowForm::row));
  const std::string identity = "rows by " + std::to_string(options.bucket_width.value) + " us, " +
                               std::to_string(options.keys) + " keys: " + to_string(options.schema);
  BucketLog log = TRY(BucketLog::open(checkpoint, options.id, identity, options.meanings));
  auto impl = std::make_unique<Impl>(Impl{std::move(log), std::move(key_codec), std::move(row_codec),
                                          std::make_shared<const Schema>(options.schema), options.keys,
                                          options.bucket_width.value, options.memory_max.value});
  TRY(impl->load());
  return StateTable(std::move(impl));
}

Result<Batch> StateTable::find(const Batch& keys) {
  Impl& impl = *impl_;
  const PackedRows packed = impl.key_codec.encode(keys, 0);
  ++impl.round;
  std::vector<StoredRow> rows;
  std::deque<std::string> hold;                  // bytes of sealed rows
  std::set<std::string_view, std::less<>> seen;  // keys of sealed rows
  rows.reserve(packed.size());
  const auto look = [&](std::int64_t start, std::size_t i) -> Status {
    if (impl.passed(start)) return {};
    RowBucket* const bucket = impl.live_bucket(start);
    if (const auto entry = bucket == nullptr ? std::nullopt : bucket->find(packed[i])) {
      const StoredRow row = bucket->at(*entry);
      if (row.row && bucket->first_asked(*entry, impl.round)) rows.push_back(row);
      return {};
    }
    if (!impl.sealed.has(start)) return {};
    const auto row = TRY(impl.sealed.find(impl.log, start, packed[i], hold));
    if (row && seen.insert(packed[i]).second) rows.push_back({packed[i], row});
    return {};
  };
  TRY(impl.for_each_key(packed, look));
  return impl.batch_of(rows);
}

Status StateTable::put(const Batch& rows) {
  Impl& impl = *impl_;
  CHECK(rows.schema().size() >= impl.schema->size(), "rows of the table's schema");
  const PackedRows keys = impl.key_codec.encode(rows, 0);
  const PackedRows values = impl.row_codec.encode(rows, impl.keys);
  return impl.for_each_key(keys, [&](std::int64_t start, std::size_t i) -> Status {
    CHECK(!impl.horizon || time_of(keys[i]) >= *impl.horizon, "no row is put behind the horizon");
    return impl.set(start, keys[i], values[i]);
  });
}

Status StateTable::insert(const Batch& rows, std::vector<std::uint8_t>& fresh) {
  Impl& impl = *impl_;
  CHECK(rows.schema().size() >= impl.schema->size(), "rows of the table's schema");
  const PackedRows keys = impl.key_codec.encode(rows, 0);
  const PackedRows values = impl.row_codec.encode(rows, impl.keys);
  fresh.assign(keys.size(), 0);
  return impl.for_each_key(keys, [&](std::int64_t start, std::size_t i) -> Status {
    CHECK(!impl.horizon || time_of(keys[i]) >= *impl.horizon, "no row is put behind the horizon");
    const RowBucket* const bucket = impl.live_bucket(start);
    const auto entry = bucket == nullptr ? std::nullopt : bucket->find(keys[i]);
    const bool there = entry ? bucket->at(*entry).row.has_value() : TRY(impl.in_sealed(start, keys[i]));
    if (there) return {};
    fresh[i] = 1;
    return impl.set(start, keys[i], values[i]);
  });
}

Status StateTable::erase(const Batch& keys) {
  Impl& impl = *impl_;
  const PackedRows packed = impl.key_codec.encode(keys, 0);
  return impl.for_each_key(packed, [&](std::int64_t start, std::size_t i) -> Status {
    if (impl.passed(start)) return {};
    return impl.set(start, packed[i], std::nullopt);
  });
}

Result<Batch> StateTable::range(Micros begin, Micros end) {
  Impl& impl = *impl_;
  const std::int64_t from = impl.horizon ? std::max(begin.value, *impl.horizon) : begin.value;
  const std::int64_t first = floor_to(from, impl.width);
  std::vector<StoredRow> rows;
  std::deque<std::string> hold;
  for (const std::int64_t start : impl.starts()) {
    if (start < first || start >= end.value) continue;
    for (const StoredRow& row : TRY(impl.all_rows(start, hold))) {
      const std::int64_t time = time_of(row.key);
      if (time >= from && time < end.value) rows.push_back(row);
    }
  }
  return impl.batch_of(rows);
}

Result<std::optional<Micros>> StateTable::first_time() {
  Impl& impl = *impl_;
  for (const std::int64_t start : impl.starts()) {
    if (impl.passed(start)) continue;
    std::optional<std::int64_t> first;
    std::deque<std::string> hold;
    const RowBucket* const bucket = impl.live_bucket(start);
    // Keys begin with the time, so of sorted rows the first one is it.
    if (impl.sealed.has(start)) {
      for (const StoredRow& row : TRY(impl.all_rows(start, hold))) {
        if (impl.horizon && time_of(row.key) < *impl.horizon) continue;
        return Micros(time_of(row.key));
      }
      continue;
    }
    for (std::uint32_t entry = 0; entry < bucket->entries(); ++entry) {
      const StoredRow row = bucket->at(entry);
      if (!row.row) continue;
      const std::int64_t time = time_of(row.key);
      if (impl.horizon && time < *impl.horizon) continue;
      if (!first || time < *first) first = time;
      if (*first == start) break;  // no earlier one in this bucket
    }
    if (first) return Micros(*first);
  }
  return std::nullopt;
}

Status StateTable::expire(Micros horizon) {
  Impl& impl = *impl_;
  impl.horizon = std::max(impl.horizon.value_or(INT64_MIN), horizon.value);
  // A bucket that the horizon cuts loses its rows one by one; the others go as a whole.
  const std::int64_t start = floor_to(*impl.horizon, impl.width);
  if (start == *impl.horizon || (impl.live_bucket(start) == nullptr && !impl.sealed.has(start))) return {};
  std::deque<std::string> hold;
  for (const StoredRow& row : TRY(impl.all_rows(start, hold)))
    if (time_of(row.key) < *impl.horizon) TRY(impl.set(start, row.key, std::nullopt));
  return {};
}

Status StateTable::pack(StateChanges& changes) {
  Impl& impl = *impl_;
  for (const std::int64_t start : impl.passed_buckets()) impl.log.drop(start, changes);
  for (const auto& [start, bucket] : impl.buckets)
    if (impl.has_emptied(start, bucket)) impl.emptied.insert(start);
  for (const std::int64_t start : impl.emptied) impl.log.drop(start, changes);
  impl.choose_sealing();
  for (const auto& [start, bucket] : impl.buckets) {
    if (impl.passed(start) || impl.emptied.contains(start) || !bucket.changed() || impl.is_sealing(start)) continue;
    const BucketLog::Stored stored = impl.log.stored(start);
    const bool sealed = impl.sealed.has(start);
    if (stored.blocks >= blocks_max || stored.bytes > 2 * bucket.live_bytes() + fold_slack) {
      impl.log.fold(start, bucket.encode_all(sealed), changes);
    } else {
      impl.log.append(start, bucket.encode_changes(), changes);
    }
  }
  const std::uint64_t rows = impl.rows();
  for (const Impl::Sealing& one : impl.sealing) TRY(impl.seal(one, changes));
  impl.log.finish(rows, changes);
  return {};
}

void StateTable::merge() {
  Impl& impl = *impl_;
  for (const Impl::Sealing& one : impl.sealing) {
    if (one.whole) impl.sealed.forget(one.start);
    impl.buckets.erase(one.start);
  }
  impl.sealed.take(std::move(impl.sealed_new));
  for (const std::int64_t start : impl.sealed.buckets())
    if (impl.passed(start) || impl.emptied.contains(start)) impl.sealed.forget(start);
  std::erase_if(impl.buckets,
                [&](const auto& entry) { return impl.passed(entry.first) || impl.emptied.contains(entry.first); });
  for (auto& [start, bucket] : impl.buckets)
    if (bucket.changed()) bucket.merge(impl.sealed.has(start));
  impl.log.merge();
  impl.end_batch();
}

void StateTable::discard() {
  Impl& impl = *impl_;
  for (auto& [start, bucket] : impl.buckets) bucket.discard();
  std::erase_if(impl.buckets, [](const auto& entry) { return entry.second.entries() == 0; });
  impl.log.discard();
  impl.end_batch();
}

std::vector<Micros> StateTable::buckets() const {
  std::vector<Micros> all;
  for (const std::int64_t start : impl_->starts())
    if (!impl_->passed(start)) all.emplace_back(start);
  return all;
}

TableSize StateTable::size() const { return {impl_->rows(), Bytes(impl_->log.bytes()), Bytes(impl_->memory())}; }

}  // namespace weir
