#pragma once
// The sealed parts of a key set: sorted pages in the checkpoint, of which memory holds a filter (2 bytes a key) and the
// first key of each page. A look-up reads a page only where the filter says "maybe".
//
// Threads: one caller at a time. Ownership: filters are owned, pages are the log's.
// Errors: Fault::config for damage.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "state/bucket_log.h"
#include "state/key_filter.h"

namespace weir {

class SealedKeys {
 public:
  struct Part {
    std::vector<std::string> pages;  // to be stored
    std::string text;                // what load() reads: rows, first keys, filter
  };
  static Part make(std::vector<std::pair<Hash128, std::uint32_t>> entries);

  void add(std::int64_t bucket, std::uint64_t number, const Part& part);
  Status load(std::int64_t bucket, std::uint64_t number, std::string_view text);
  // Moves the other's parts into this one.
  void take(SealedKeys&& other);
  // Forgets the parts of buckets that start at or before `start`.
  void drop_until(std::int64_t start);

  bool empty() const { return parts_.empty(); }
  std::uint64_t rows() const;
  std::uint64_t rows_until(std::int64_t start) const;
  std::uint64_t memory() const;

  void prefetch(const Hash128& key) const {
    for (const auto& [place, part] : parts_) part.filter.prefetch(key);
  }
  // Whether the key is there with from <= time <= to.
  Result<bool> match(const BucketLog& log, const Hash128& key, std::int64_t from, std::int64_t to,
                     std::int64_t width) const;

 private:
  struct Held {
    std::uint64_t rows = 0;
    std::vector<std::uint64_t> first;  // the upper half of each page's first key
    KeyFilter filter{0};
  };
  using Place = std::pair<std::int64_t, std::uint64_t>;  // bucket, part
  static Result<bool> match_part(const BucketLog& log, const Place& place, const Held& part, const Hash128& key,
                                 std::int64_t from, std::int64_t to);

  std::map<Place, Held> parts_;
};

}  // namespace weir
