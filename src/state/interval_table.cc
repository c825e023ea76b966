#include "state/interval_table.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"

namespace weir {
namespace {

const std::int64_t* times(const Chunk& chunk, std::size_t column) {
  return static_cast<const std::int64_t*>(duckdb_vector_get_data(chunk.column(column)));
}

}  // namespace

IntervalTable::IntervalTable(StateTable rows, RowCodec codec, const StateTableOptions& options)
    : rows_(std::move(rows)), codec_(std::move(codec)), end_(options.keys), index_max_(options.memory_max.value) {
  Schema keys;
  for (std::size_t i = 0; i < options.keys; ++i) keys.add(options.schema.columns()[i]);
  key_schema_ = std::make_shared<const Schema>(std::move(keys));
}

Result<IntervalTable> IntervalTable::open(Checkpoint& checkpoint, StateTableOptions options) {
  const std::vector<Column>& columns = options.schema.columns();
  CHECK(options.keys >= 1 && options.keys < columns.size(), "a start, keys and an end");
  CHECK(columns[options.keys].type.kind == columns[0].type.kind, "the end is a time, too");
  options.memory_max = Bytes(options.memory_max.value / 2);
  const auto first_key = columns.begin() + 1;
  RowCodec codec =
      TRY(RowCodec::make({first_key, columns.begin() + static_cast<std::ptrdiff_t>(options.keys)}, RowForm::key));
  StateTable rows = TRY(StateTable::open(checkpoint, options));
  IntervalTable table(std::move(rows), std::move(codec), options);
  const std::vector<Micros> buckets = table.rows_.buckets();
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const Micros end = i + 1 < buckets.size() ? buckets[i + 1] : Micros(INT64_MAX);
    table.add_to_index(TRY(table.rows_.range(buckets[i], end)));
  }
  table.index_.merge();
  return table;
}

Result<Batch> IntervalTable::find(const std::vector<IntervalIndex::Found>& all) {
  std::vector<std::shared_ptr<const Chunk>> chunks;
  std::vector<std::string_view> keys;
  for (std::size_t i = 0; i < all.size(); i += keys.size()) {
    keys.clear();
    Chunk chunk = make_chunk(*key_schema_);
    auto* const starts = static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(0)));
    const std::size_t count = std::min<std::size_t>(duckdb_vector_size(), all.size() - i);
    for (std::size_t row = 0; row < count; ++row) {
      starts[row] = all[i + row].interval.start;
      keys.push_back(all[i + row].key);
    }
    const Status decoded = codec_.decode(keys, chunk.get(), 1);
    CHECK(decoded.has_value(), "keys that were packed here");
    duckdb_data_chunk_set_size(chunk.get(), count);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
  }
  return rows_.find(Batch(key_schema_, std::move(chunks)));
}

Result<Batch> IntervalTable::overlapping(const Batch& with) {
  const PackedRows keys = codec_.encode(with, 1);
  std::vector<IntervalIndex::Found> all;
  std::size_t row = 0;
  for (const auto& chunk : with.chunks()) {
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      const auto found = index_.overlapping(keys[row], {times(*chunk, 0)[i], times(*chunk, end_)[i]});
      all.insert(all.end(), found.begin(), found.end());
    }
  }
  return find(all);  // which gives each once
}

void IntervalTable::add_to_index(const Batch& rows) {
  const PackedRows keys = codec_.encode(rows, 1);
  std::size_t row = 0;
  for (const auto& chunk : rows.chunks())
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row)
      index_.put(keys[row], {times(*chunk, 0)[i], times(*chunk, end_)[i]});
}

Status IntervalTable::put(const Batch& rows) {
  TRY(rows_.put(rows));
  add_to_index(rows);
  if (index_.memory() <= index_max_) return {};
  return fail(
      Fault::config,
      fmt::format("too many sessions are open at once: where they lie takes more memory than its share, {} "
                  "bytes; raise resources.memory, or make the gap or the watermark's delay shorter: {} are open",
                  index_max_, index_.size()));
}

Status IntervalTable::erase(const Batch& keys) {
  TRY(rows_.erase(keys));
  const PackedRows packed = codec_.encode(keys, 1);
  std::size_t row = 0;
  for (const auto& chunk : keys.chunks())
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) index_.erase(packed[row], times(*chunk, 0)[i]);
  return {};
}

Result<Batch> IntervalTable::ended(Micros by) { return find(index_.ended(by.value)); }

std::optional<Micros> IntervalTable::first_end() const {
  const auto end = index_.first_end();
  return end ? std::optional(Micros(*end)) : std::nullopt;
}

void IntervalTable::merge() {
  rows_.merge();
  index_.merge();
}

void IntervalTable::discard() {
  rows_.discard();
  index_.discard();
}

TableSize IntervalTable::size() const {
  TableSize size = rows_.size();
  size.memory = Bytes(size.memory.value + index_.memory());
  return size;
}

}  // namespace weir
