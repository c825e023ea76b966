#pragma once
// The sealed parts of a state table: pages of rows sorted by key in the checkpoint, of which memory holds a filter (2 bytes
// a row) and the first key of each page. A look-up reads a page only where the filter says "maybe". A newer part hides
// the rows of older ones in its bucket that have the same keys.
//
// Threads: one caller at a time. Ownership: filters are owned, pages are the log's.
// Errors: Fault::config for damage.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "state/bucket_log.h"
#include "state/key_filter.h"
#include "state/row_bucket.h"

namespace weir {

class SealedRows {
 public:
  struct Part {
    std::vector<std::string> pages;  // to be stored
    std::string text;                // what load() reads
  };
  // `rows` in the order of their keys.
  static Part make(const std::vector<StoredRow>& rows);

  Status load(std::int64_t bucket, std::uint64_t number, std::string_view text);
  void add(std::int64_t bucket, std::uint64_t number, const Part& part);
  // Moves the other's parts into this one.
  void take(SealedRows&& other);
  void forget(std::int64_t bucket);

  bool empty() const { return parts_.empty(); }
  std::size_t parts(std::int64_t bucket) const;
  bool has(std::int64_t bucket) const { return parts(bucket) > 0; }
  std::vector<std::int64_t> buckets() const;
  std::uint64_t rows(std::int64_t bucket) const;  // that no newer part hides
  std::uint64_t memory() const;

  // The newest row with this key, its bytes copied into `hold`; nullopt where there is none, or it was erased.
  Result<std::optional<std::string_view>> find(const BucketLog& log, std::int64_t bucket, std::string_view key,
                                               std::deque<std::string>& hold) const;
  // All rows of a bucket that are not hidden or erased, in the order of their keys; they look into `hold`.
  Result<std::vector<StoredRow>> all(const BucketLog& log, std::int64_t bucket, std::deque<std::string>& hold) const;

 private:
  struct Held {
    std::uint64_t rows = 0;   // not erased
    std::uint64_t hides = 0;  // entries that hide a row of an older part
    std::vector<std::string> first;
    KeyFilter filter{0};
  };
  using Parts = std::map<std::uint64_t, Held>;  // by number
  std::map<std::int64_t, Parts> parts_;
};

}  // namespace weir
