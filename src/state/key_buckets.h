#pragma once
// The entries of a key set as they lie in memory: hash and time of each key, in small chunks that belong to one bucket of
// event time. An entry keeps its number while it lives; chunks of dropped buckets are used again.
//
// Threads: one caller at a time. Ownership: owns the chunks.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace weir {

class KeyBuckets {
 public:
  static constexpr std::uint32_t chunk_entries = 256;

  struct Bucket {
    std::int64_t start = 0;             // of its event time
    std::vector<std::uint32_t> chunks;  // numbers, in order
    std::uint32_t size = 0;
    std::uint32_t merged = 0;  // of these, what the last merge left
  };

  // The bucket that starts there, made if it is not; the reference holds until it is erased.
  Bucket& at(std::int64_t start);
  std::map<std::int64_t, Bucket>& all() { return buckets_; }
  const std::map<std::int64_t, Bucket>& all() const { return buckets_; }

  std::uint32_t add(Bucket& bucket, const Hash128& key, std::uint32_t offset);
  // Frees the chunks behind the first `size` entries.
  void truncate(Bucket& bucket, std::uint32_t size);
  void erase(std::int64_t start);

  const Hash128& key(std::uint32_t entry) const { return chunk(entry).keys[entry % chunk_entries]; }
  std::int64_t time(std::uint32_t entry) const {
    const Chunk& c = chunk(entry);
    return c.start + c.offsets[entry % chunk_entries];
  }
  std::uint32_t offset(std::uint32_t entry) const { return chunk(entry).offsets[entry % chunk_entries]; }
  static std::uint32_t entry_of(const Bucket& bucket, std::uint32_t i) {
    return bucket.chunks[i / chunk_entries] * chunk_entries + i % chunk_entries;
  }

  std::uint64_t memory() const { return live_chunks_ * sizeof(Chunk) + chunks_.capacity() * sizeof(void*); }

 private:
  struct Chunk {
    std::int64_t start = 0;
    std::array<Hash128, chunk_entries> keys;
    std::array<std::uint32_t, chunk_entries> offsets;  // of the time from `start`
  };
  const Chunk& chunk(std::uint32_t entry) const { return *chunks_[entry / chunk_entries]; }

  std::map<std::int64_t, Bucket> buckets_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<std::uint32_t> free_;  // numbers without a chunk
  std::uint64_t live_chunks_ = 0;
};

// Blocks of a bucket: count, keys, offsets. What the log stores.
std::string encode_keys(const KeyBuckets& entries, const KeyBuckets::Bucket& bucket, std::uint32_t from);
struct KeyBlock {
  std::uint64_t count = 0;
  std::string_view keys;     // 16 bytes each
  std::string_view offsets;  // 4 bytes each
  Hash128 key(std::uint64_t i) const;
  std::uint32_t offset(std::uint64_t i) const;
};
// False for bytes that are no such block.
bool decode_keys(std::string_view bytes, KeyBlock& block);
std::string encode_keys(const std::vector<std::pair<Hash128, std::uint32_t>>& entries);

}  // namespace weir
