#pragma once
// Remembers typed rows under their whole key, by event time: the state of windows. A row is a row of `schema`: first the
// key columns, the first of which is the time that says which bucket the row is in (a window's start), then the values.
//
// Rows lie packed (data/row_codec.h) in their bucket, behind an open-addressing index of the encoded key, because every
// operation of a batch touches single rows; columns are for between the operations: all of them take and give whole
// batches. A bucket that has passed goes as a whole. Keys are never taken for their hash.
//
// The talk, in every batch:
//   find, put, insert, erase, range                  see each other's effects at once
//   expire(horizon)                                  rows before it go
//   pack(changes)                                    what changed since the last merge, for the commit
//   merge() | discard()                              after the commit | instead of it: back to what the last merge left
//
// Threads: one caller at a time. Ownership: the checkpoint outlives the table.
// Errors: Fault::config for state that is damaged, of a newer format, of another schema or meaning, and for a type that a key or a
// row cannot hold; Fault::external from the disk.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "state/checkpoint.h"
#include "state/state_changes.h"
#include "state/state_meaning.h"
#include "state/table_size.h"

namespace weir {

struct StateTableOptions {
  std::string id;                   // minted id of the step's table; names the column family
  Schema schema;                    // key columns first; column 0 is a timestamp, never null
  std::size_t keys = 1;             // how many of them are the key, column 0 included
  Micros bucket_width{60'000'000};  // of event time: the windows' width does well
  Bytes memory_max{std::uint64_t{256} << 20};
  StateMeanings meanings = {};  // a table that was made with others is refused
};

class StateTable {
 public:
  static Result<StateTable> open(Checkpoint& checkpoint, const StateTableOptions& options);
  StateTable(StateTable&&) noexcept;
  StateTable& operator=(StateTable&&) noexcept;
  ~StateTable();

  // The rows that are there for these keys, each once, in the order of their first asking. The first columns of
  // `keys` are the key columns; further ones are ignored.
  Result<Batch> find(const Batch& keys);
  // Sets whole rows: new ones, or over those with the same key. The columns are those of the schema.
  Status put(const Batch& rows);
  // Puts the rows whose key is not there yet, of equal ones the first; fresh[i] = 1 for those.
  Status insert(const Batch& rows, std::vector<std::uint8_t>& fresh);
  // Removes the rows with these keys; one that is not there is fine.
  Status erase(const Batch& keys);

  // All rows with begin <= time < end, in the order of their keys (nulls first, strings by their bytes, NaN last).
  Result<Batch> range(Micros begin, Micros end);
  // The time of the earliest row; nullopt where there is none.
  Result<std::optional<Micros>> first_time();
  // Where the buckets begin that hold something, in order: for range(), a piece at a time.
  std::vector<Micros> buckets() const;

  // Removes all rows with time < horizon.
  Status expire(Micros horizon);

  Status pack(StateChanges& changes);
  void merge();
  void discard();

  TableSize size() const;

 private:
  struct Impl;
  explicit StateTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
