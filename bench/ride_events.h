#pragma once
// Makes the ride events of the benchmarks: the same bytes, in the same partition and order, for the same seed, on every
// machine.
//
//   - Event i happens at 2026-01-01T00:00:00Z + i ms, less a delay of 0 to 30 s (uniform).
//   - 0.2 % of the events are late: a delay of 10 to 40 minutes.
//   - 2 % are followed by an exact copy of themselves, 1 to 240 s of event time later.
//   - 0.5 % are malformed, a third each: cut JSON, fare "n/a", no event_time.
//   - The partition (of 4) follows the ride's id, so a copy goes where its original went.
//
// Threads: one. Ownership: next() lends its bytes until it is called again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next();
  std::uint32_t below(std::uint32_t limit);

 private:
  std::uint64_t state_;
};

struct RideEvent {
  int partition = 0;
  std::string_view value;
};

struct RideCounts {
  std::array<std::uint64_t, 3> malformed{};  // cut, wrong type, no event_time
  std::uint64_t late = 0;
  std::uint64_t copies = 0;
};

class RideEvents {
 public:
  static constexpr int partitions = 4;

  explicit RideEvents(std::uint64_t seed) : rng_(seed) {}
  RideEvent next();
  const RideCounts& counts() const { return counts_; }

 private:
  struct Copy {
    std::int64_t due_ms;
    std::uint64_t number;  // of its original: the order among equals
    int partition;
    std::string value;
    bool operator<(const Copy& other) const {
      return due_ms != other.due_ms ? due_ms > other.due_ms : number > other.number;
    }
  };

  RideEvent make();

  SplitMix64 rng_;
  RideCounts counts_;
  std::uint64_t number_ = 0;
  std::priority_queue<Copy> copies_;  // wait for their moment
  std::array<char, 512> buffer_{};
  std::string copied_;  // what next() lends of a copy
};

}  // namespace weir::bench
