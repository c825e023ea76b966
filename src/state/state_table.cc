#include "state/state_table.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "data/row_codec.h"
#include "state/bucket_log.h"
#include "state/byte_stream.h"
#include "state/checkpoint_history.h"
#include "state/row_bucket.h"

namespace weir {
namespace {

constexpr std::size_t ahead = 8;             // keys between asking for a cache line and needing it
constexpr std::uint64_t blocks_max = 1'024;  // of a bucket, before they are folded into one
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
  std::map<std::int64_t, RowBucket> buckets;
  std::optional<std::int64_t> horizon;  // of this batch: rows before it are gone
  std::uint32_t round = 0;              // of find

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
    TRY(log.load({[this](std::int64_t bucket, std::string_view block) -> Status {
                    if (const Status applied = buckets[bucket].apply(block); !applied)
                      return fail(damaged(applied.error().message));
                    return {};
                  },
                  [](std::int64_t, std::uint64_t, std::string_view) -> Status {
                    return fail(damaged("a table of rows has sealed parts"));
                  }}));
    for (auto& [start, bucket] : buckets) bucket.merge(false);
    return {};
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
  void for_each_key(const PackedRows& packed, Each&& each) {
    for (std::size_t i = 0; i < packed.size(); ++i) {
      if (i + ahead < packed.size()) {
        const std::string_view next = packed[i + ahead];
        if (const RowBucket* const bucket = live_bucket(bucket_of(next))) bucket->prefetch(next);
      }
      each(bucket_of(packed[i]), i);
    }
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
  BucketLog log = TRY(BucketLog::open(checkpoint, options.id, identity));
  auto impl = std::make_unique<Impl>(Impl{std::move(log),
                                          std::move(key_codec),
                                          std::move(row_codec),
                                          std::make_shared<const Schema>(options.schema),
                                          options.keys,
                                          options.bucket_width.value,
                                          {},
                                          {},
                                          0});
  TRY(impl->load());
  return StateTable(std::move(impl));
}

Result<Batch> StateTable::find(const Batch& keys) {
  Impl& impl = *impl_;
  const PackedRows packed = impl.key_codec.encode(keys, 0);
  ++impl.round;
  std::vector<StoredRow> rows;
  rows.reserve(packed.size());
  impl.for_each_key(packed, [&](std::int64_t start, std::size_t i) {
    RowBucket* const bucket = impl.live_bucket(start);
    if (bucket == nullptr || impl.passed(start)) return;
    const auto entry = bucket->find(packed[i]);
    if (!entry || !bucket->at(*entry).row || !bucket->first_asked(*entry, impl.round)) return;
    rows.push_back(bucket->at(*entry));
  });
  return impl.batch_of(rows);
}

Status StateTable::put(const Batch& rows) {
  Impl& impl = *impl_;
  CHECK(rows.schema().size() >= impl.schema->size(), "rows of the table's schema");
  const PackedRows keys = impl.key_codec.encode(rows, 0);
  const PackedRows values = impl.row_codec.encode(rows, impl.keys);
  impl.for_each_key(keys, [&](std::int64_t start, std::size_t i) {
    CHECK(!impl.horizon || time_of(keys[i]) >= *impl.horizon, "no row is put behind the horizon");
    impl.buckets[start].set(keys[i], values[i]);
  });
  return {};
}

Status StateTable::erase(const Batch& keys) {
  Impl& impl = *impl_;
  const PackedRows packed = impl.key_codec.encode(keys, 0);
  impl.for_each_key(packed, [&](std::int64_t start, std::size_t i) {
    RowBucket* const bucket = impl.live_bucket(start);
    if (bucket == nullptr) return;
    const auto entry = bucket->find(packed[i]);
    if (entry && bucket->at(*entry).row) bucket->set(packed[i], std::nullopt);
  });
  return {};
}

Result<Batch> StateTable::range(Micros begin, Micros end) {
  Impl& impl = *impl_;
  const std::int64_t from = impl.horizon ? std::max(begin.value, *impl.horizon) : begin.value;
  std::vector<StoredRow> rows;
  for (auto at = impl.buckets.lower_bound(floor_to(from, impl.width)); at != impl.buckets.end(); ++at) {
    if (at->first >= end.value) break;
    const auto first = rows.size();
    const RowBucket& bucket = at->second;
    for (std::uint32_t entry = 0; entry < bucket.entries(); ++entry) {
      const StoredRow row = bucket.at(entry);
      if (!row.row) continue;
      const std::int64_t time = time_of(row.key);
      if (time >= from && time < end.value) rows.push_back(row);
    }
    std::sort(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.end(),
              [](const StoredRow& a, const StoredRow& b) { return a.key < b.key; });
  }
  return impl.batch_of(rows);
}

std::optional<Micros> StateTable::first_time() const {
  for (const auto& [start, bucket] : impl_->buckets) {
    std::optional<std::int64_t> first;
    for (std::uint32_t entry = 0; entry < bucket.entries(); ++entry) {
      const StoredRow row = bucket.at(entry);
      if (!row.row) continue;
      const std::int64_t time = time_of(row.key);
      if (impl_->horizon && time < *impl_->horizon) continue;
      if (!first || time < *first) first = time;
      if (impl_->width == 1 || *first == start) break;  // no earlier one in this bucket
    }
    if (first) return Micros(*first);
  }
  return std::nullopt;
}

Status StateTable::expire(Micros horizon) {
  Impl& impl = *impl_;
  impl.horizon = std::max(impl.horizon.value_or(INT64_MIN), horizon.value);
  // A bucket that the horizon cuts loses its rows one by one; the others go as a whole.
  RowBucket* const cut = impl.live_bucket(floor_to(*impl.horizon, impl.width));
  if (cut == nullptr) return {};
  const std::uint32_t entries = cut->entries();
  for (std::uint32_t entry = 0; entry < entries; ++entry) {
    const StoredRow row = cut->at(entry);
    if (row.row && time_of(row.key) < *impl.horizon) cut->set(row.key, std::nullopt);
  }
  return {};
}

Status StateTable::pack(StateChanges& changes) {
  Impl& impl = *impl_;
  for (const std::int64_t start : impl.passed_buckets()) impl.log.drop(start, changes);
  std::uint64_t rows = 0;
  for (const auto& [start, bucket] : impl.buckets) {
    if (impl.passed(start)) continue;
    rows += bucket.live_rows();
    if (!bucket.changed()) continue;
    const BucketLog::Stored stored = impl.log.stored(start);
    if (bucket.live_rows() == 0) {
      impl.log.drop(start, changes);
    } else if (stored.blocks >= blocks_max || stored.bytes > 2 * bucket.live_bytes() + fold_slack) {
      impl.log.fold(start, bucket.encode_all(false), changes);
    } else {
      impl.log.append(start, bucket.encode_changes(), changes);
    }
  }
  impl.log.finish(rows, changes);
  return {};
}

void StateTable::merge() {
  Impl& impl = *impl_;
  std::erase_if(impl.buckets, [&](const auto& entry) {
    return impl.passed(entry.first) || (entry.second.changed() && entry.second.live_rows() == 0);
  });
  for (auto& [start, bucket] : impl.buckets)
    if (bucket.changed()) bucket.merge(false);
  impl.log.merge();
  impl.horizon.reset();
}

void StateTable::discard() {
  Impl& impl = *impl_;
  for (auto& [start, bucket] : impl.buckets) bucket.discard();
  std::erase_if(impl.buckets, [](const auto& entry) { return entry.second.entries() == 0; });
  impl.log.discard();
  impl.horizon.reset();
}

TableSize StateTable::size() const {
  std::uint64_t rows = 0;
  std::uint64_t memory = 0;
  for (const auto& [start, bucket] : impl_->buckets) {
    if (!impl_->passed(start)) rows += bucket.live_rows();
    memory += bucket.memory();
  }
  return {rows, Bytes(impl_->log.bytes()), Bytes(memory)};
}

}  // namespace weir
