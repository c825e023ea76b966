#pragma once
// Remembers typed rows that each stand for an interval [start, end) of event time under a key, found by both: the state of
// sessions. A row is a row of `schema`: its start, the other key columns, its end, then the values. Rows of one key never
// overlap; keeping it so is the caller's.
//
// The rows are those of a StateTable, by start and key: packed blocks in the checkpoint, on disk beyond their memory. Where
// the intervals lie is in memory beside them (interval_index.h), made anew when the table is opened. That part stays in
// memory; beyond its limit put() is a named stop.
//
// The talk and the errors are StateTable's. Threads: one caller at a time.

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "data/row_codec.h"
#include "state/checkpoint.h"
#include "state/interval_index.h"
#include "state/state_changes.h"
#include "state/state_table.h"

namespace weir {

class IntervalTable {
 public:
  // `keys` counts the start, not the end. Half of memory_max is for the rows, half for where they lie.
  static Result<IntervalTable> open(Checkpoint& checkpoint, StateTableOptions options);

  // The rows that overlap any of these, each once. The columns of `with` begin as the schema does: start, keys, end.
  Result<Batch> overlapping(const Batch& with);
  // Sets whole rows: new ones, or over those with the same key and start.
  Status put(const Batch& rows);
  // Removes the rows with these starts and keys.
  Status erase(const Batch& keys);

  // Rows with end <= by: by end, then by start.
  Result<Batch> ended(Micros by);
  // The earliest end of a row; nullopt where there is none.
  std::optional<Micros> first_end() const;

  Status pack(StateChanges& changes) { return rows_.pack(changes); }
  void merge();
  void discard();

  TableSize size() const;

 private:
  IntervalTable(StateTable rows, RowCodec codec, const StateTableOptions& options);
  Result<Batch> find(const std::vector<IntervalIndex::Found>& all);
  void add_to_index(const Batch& rows);

  StateTable rows_;
  IntervalIndex index_;
  RowCodec codec_;  // of the key columns without the start
  std::shared_ptr<const Schema> key_schema_;
  std::size_t end_;  // position of that column
  std::uint64_t index_max_;
};

}  // namespace weir
