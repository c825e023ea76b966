#pragma once
// Adds up what the batches of a run did, for people: rows in, out and away by reason, and the pace of late.
//
// Threads: plain values.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/types.h"
#include "data/reject.h"
#include "pipeline/progress.h"

namespace weir {

struct ProgressTotals {
  std::uint64_t batches = 0;
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;  // as the sinks took them, dead letters not counted
  std::map<std::pair<std::string, DropReason>, std::uint64_t> dropped;  // by step
  std::map<Code, std::uint64_t> dead_letters;
  std::map<std::string, std::uint64_t> warned;   // expectations that failed and let the row pass
  std::map<std::string, std::uint64_t> written;  // rows by sink
  std::optional<std::int64_t> lag;               // absent when unknown
  std::optional<Micros> watermark;               // of the last batch

  void add(const BatchProgress& batch);
  std::uint64_t rows_dropped() const;
  std::uint64_t rows_dead() const;
};

// Rows a second over the last few seconds.
class Pace {
 public:
  void note(Clock::Duration now, std::uint64_t rows);
  std::uint64_t per_second(Clock::Duration now) const;

 private:
  static constexpr Clock::Duration window = std::chrono::seconds(3);
  std::deque<std::pair<Clock::Duration, std::uint64_t>> points_;
};

// "1,234,567".
std::string grouped(std::uint64_t number);

}  // namespace weir
