#pragma once
// Says which tumbling window an event time is in: windows [start, start + length), side by side, aligned to the epoch plus
// an offset, before 1970 as after it.
//
// Threads: plain value.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/types.h"

namespace weir {

class TumblingWindows {
 public:
  TumblingWindows(std::chrono::microseconds length, std::chrono::microseconds offset)
      : length_(length.count()), offset_(rest_of(offset.count(), length_)) {}

  std::int64_t length() const { return length_; }
  // Times of which the whole window is a finite timestamp.
  Micros least() const { return Micros(finite_least + length_); }
  Micros most() const { return Micros(finite_most - length_); }

  Micros start_of(Micros time) const { return Micros(time.value - rest_of(time.value - offset_, length_)); }
  Micros end_of(Micros start) const { return Micros(start.value + length_); }
  // The start of the first window that this watermark does not close (end > watermark): earlier ones are closed.
  Micros first_open(Micros watermark) const {
    return start_of(Micros(std::clamp(watermark.value, least().value, most().value)));
  }

 private:
  // DuckDB's finite timestamps; the last ones stand for infinity.
  static constexpr std::int64_t finite_least = -9'223'372'022'400'000'000;
  static constexpr std::int64_t finite_most = INT64_MAX - 1;

  static std::int64_t rest_of(std::int64_t value, std::int64_t length) {
    const std::int64_t rest = value % length;
    return rest < 0 ? rest + length : rest;
  }

  std::int64_t length_;
  std::int64_t offset_;  // 0 <= offset < length
};

}  // namespace weir
