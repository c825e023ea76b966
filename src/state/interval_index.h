#pragma once
// Knows where the intervals [start, end) of each key lie, and which end first. Those of one key never overlap. What a batch
// changes can be taken back.
//
// Threads: one caller at a time. Ownership: owns keys and intervals; views of keys hold until the next change.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

struct Interval {
  std::int64_t start = 0;
  std::int64_t end = 0;
  bool operator==(const Interval&) const = default;
};

class IntervalIndex {
 public:
  struct Found {
    std::string_view key;
    Interval interval;
  };

  // Those of the key that have a moment in common with `with`, by start.
  std::vector<Found> overlapping(std::string_view key, Interval with) const;
  // Adds one, or takes it for the one that has this start.
  void put(std::string_view key, Interval interval);
  // Nothing where none of the key has this start.
  void erase(std::string_view key, std::int64_t start);

  std::optional<std::int64_t> first_end() const;
  // Those with end <= by: by end, then start, then key.
  std::vector<Found> ended(std::int64_t by) const;

  void merge();
  void discard();

  std::uint64_t size() const { return endings_.size(); }
  // About what it takes of memory.
  std::uint64_t memory() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const;
  };
  using Intervals = std::vector<Interval>;  // by start
  using ByKey = std::unordered_map<std::string, Intervals, Hash, std::equal_to<>>;

  struct Ending {
    std::int64_t end = 0;
    std::int64_t start = 0;
    const std::string* key = nullptr;  // of by_key_, which does not move its keys
    bool operator<(const Ending& other) const {
      if (end != other.end) return end < other.end;
      return start != other.start ? start < other.start : *key < *other.key;
    }
  };

  ByKey::iterator touch(std::string_view key);
  void leave(ByKey::iterator at);

  ByKey by_key_;
  std::set<Ending> endings_;
  std::uint64_t key_bytes_ = 0;
  std::vector<std::pair<std::string, Intervals>> before_;  // of keys that this batch touched
  std::set<std::string, std::less<>> touched_;
};

}  // namespace weir
