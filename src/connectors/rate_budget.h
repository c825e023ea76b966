#pragma once
// Counts how many records a rate still allows. What was not used in one interval between two fetches is not saved for
// later, except for what a second brings: after a pause there is no burst.
//
// Threads: one caller at a time.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/clock.h"

namespace weir {

class RateBudget {
 public:
  explicit RateBudget(std::optional<std::uint64_t> per_second) : per_second_(per_second) {}

  // Brings the budget up to `now`; the first call gives one second's worth.
  void refill(Clock::Duration now) {
    if (!per_second_) return;
    const double rate = static_cast<double>(*per_second_);
    const double passed = last_ ? std::chrono::duration<double>(now - *last_).count() : 1.0;
    tokens_ = std::min(tokens_ + rate * passed, rate * std::max(1.0, passed));
    last_ = now;
  }
  std::uint64_t records() const {
    return per_second_ ? static_cast<std::uint64_t>(tokens_) : std::numeric_limits<std::uint64_t>::max();
  }
  void spend(std::uint64_t records) {
    if (per_second_) tokens_ -= static_cast<double>(records);
  }
  // Until one more record is allowed.
  Clock::Duration until_next() const {
    if (!per_second_ || tokens_ >= 1 || *per_second_ == 0) return Clock::Duration(0);
    return Clock::Duration(static_cast<std::int64_t>((1 - tokens_) * 1e6 / static_cast<double>(*per_second_)) + 1);
  }

 private:
  std::optional<std::uint64_t> per_second_;
  double tokens_ = 0;
  std::optional<Clock::Duration> last_;
};

}  // namespace weir
