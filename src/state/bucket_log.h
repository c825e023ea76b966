#pragma once
// The durable side of a table: blocks of bytes by bucket of event time, in a column family of the checkpoint. A batch adds
// a block for each bucket it changed; a bucket is dropped as a range of keys; now and then its blocks are folded into
// one; a cold one is sealed into pages that are read one by one.
//
// What should be there is counted twice, in the family and beside it, and compared when the table is opened: a block
// that was lost or swapped is noticed even where RocksDB finds nothing wrong.
//
// Keys of the family: H the head; B bucket seq a block; P bucket seq page and F bucket seq, of a sealed part.
// A value: format, checksum over key and content, content.
//
// The talk: open, load once; then for each batch append | fold | seal | drop, finish, and merge or discard.
//
// Threads: one caller at a time. Errors: Fault::config for damage, a newer format, another table's identity.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "state/checkpoint.h"
#include "state/state_changes.h"
#include "state/state_meaning.h"

namespace weir {

class BucketLog {
 public:
  // `identity` says what the blocks hold (kind of table, schema), `meanings` what was asked for; a table that holds
  // something else is refused.
  static Result<BucketLog> open(Checkpoint& checkpoint, const std::string& id, std::string identity,
                                StateMeanings meanings);
  // The identity of the table that is there.
  static Result<std::optional<std::string>> stored_identity(Checkpoint& checkpoint, const std::string& id);

  // A sealed part of a bucket: its pages stay where they are, `filter` is what its owner needs to find them.
  struct Load {
    std::function<Status(std::int64_t bucket, std::string_view block)> block;
    std::function<Status(std::int64_t bucket, std::uint64_t part, std::string_view filter)> sealed;
  };
  Status load(const Load& load);

  void append(std::int64_t bucket, std::string_view block, StateChanges& changes);
  // One block that holds all of the bucket's blocks so far; sealed parts stay.
  void fold(std::int64_t bucket, std::string_view block, StateChanges& changes);
  // The bucket's blocks so far become a sealed part, whose number is given back.
  std::uint64_t seal(std::int64_t bucket, const std::vector<std::string>& pages, std::string_view filter,
                     StateChanges& changes);
  void drop(std::int64_t bucket, StateChanges& changes);
  // The head, last in a batch; `rows` is how many the table holds now.
  void finish(std::uint64_t rows, StateChanges& changes);
  void merge();
  void discard();

  Result<std::string> page(std::int64_t bucket, std::uint64_t part, std::uint32_t page) const;

  struct Stored {
    std::uint64_t blocks = 0;    // and sealed parts
    std::uint64_t checksum = 0;  // the sum of theirs
    std::uint64_t bytes = 0;     // of blocks
    std::uint64_t sealed_bytes = 0;
    std::uint64_t folded_bytes = 0;  // of the block that holds all before it
    std::uint64_t sealed_parts = 0;
    std::uint64_t sealed_checksum = 0;
  };
  // Zeros where the bucket has nothing.
  Stored stored(std::int64_t bucket) const;
  std::uint64_t bytes() const { return total_.bytes; }
  const std::map<std::int64_t, Stored>& buckets() const { return buckets_; }

 private:
  struct Head {
    std::uint64_t seq = 0;  // of the last block or part
    std::uint64_t rows = 0;
    std::uint64_t blocks = 0;
    std::uint64_t checksum = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Head&) const = default;
  };

  BucketLog(Checkpoint& checkpoint, std::string family, std::string identity, StateMeanings meanings)
      : checkpoint_(&checkpoint),
        family_(std::move(family)),
        identity_(std::move(identity)),
        meanings_(std::move(meanings)) {}
  Status read_head();
  Result<Head> decode_head(std::string_view text);
  Status compare(const StateMeanings& stored);
  std::string encode_head(const Head& head) const;
  Stored& touch(std::int64_t bucket);
  void erase_blocks(std::int64_t bucket, StateChanges& changes);

  Checkpoint* checkpoint_;
  std::string family_;
  std::string identity_;
  StateMeanings meanings_;
  bool fresh_ = true;  // the head is to be written though no block has changed
  Head committed_;
  Head total_;
  std::map<std::int64_t, Stored> buckets_;
  std::map<std::int64_t, std::optional<Stored>> before_;  // of buckets that this batch touched, for discard
};

}  // namespace weir
