#pragma once
// Remembers which keys were seen at which event time: the state of dedup. A key is the 128-bit hash of its encoded form,
// under the checkpoint's secret (Checkpoint::secret); the whole key is not kept: two keys of a billion meet with a chance
// of one in 10^20, and nobody outside can search for a pair that does.
//
// In memory one open-addressing index over all keys (8 bytes a slot, 3/4 full at most) points to entries (20 bytes) that
// lie by bucket of event time, so a look-up is one cache miss however many buckets live, and a bucket goes as a whole.
// Beyond `memory_max` the oldest buckets are sealed: sorted pages in the checkpoint, used as they lie, with a filter of
// 2 bytes a key in memory.
//
// The talk, in every batch:
//   insert(...)            any number of times; takes effect at once, so that rows of one batch see each other
//   expire(horizon)        buckets that end at or before it go
//   pack(changes)          what changed since the last merge, for the commit
//   merge() | discard()    after the commit | instead of it: back to what the last merge left
//
// Threads: one caller at a time. Ownership: the checkpoint outlives the set.
// Errors: Fault::config for state that is damaged, of a newer format or of another meaning; Fault::external from the disk.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/types.h"
#include "state/checkpoint.h"
#include "state/state_changes.h"
#include "state/state_meaning.h"
#include "state/table_size.h"

namespace weir {

struct KeySetOptions {
  std::string id;                   // minted id of the step; names the column family
  Micros bucket_width{60'000'000};  // of event time; at most an hour; a set that is there keeps its own
  Bytes memory_max{std::uint64_t{256} << 20};
  StateMeanings meanings = {};  // a set that was made with others is refused
};

class KeySet {
 public:
  static Result<KeySet> open(Checkpoint& checkpoint, const KeySetOptions& options);
  KeySet(KeySet&&) noexcept;
  KeySet& operator=(KeySet&&) noexcept;
  ~KeySet();

  // For each key in turn, fresh[i] = 1 and (key, time) is remembered, unless it is there with a time of at least
  // `horizon` and, where `within` is given, no further than that from times[i]; then fresh[i] = 0. Without a horizon
  // nothing has expired.
  Status insert(std::span<const Hash128> keys, std::span<const Micros> times, std::optional<Micros> horizon,
                std::optional<Micros> within, std::span<std::uint8_t> fresh);

  void expire(Micros horizon);
  // Whether expire(horizon) would drop anything.
  bool due(Micros horizon) const;

  Status pack(StateChanges& changes);
  void merge();
  void discard();

  TableSize size() const;

 private:
  struct Impl;
  explicit KeySet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
