#pragma once
// Lets SQL ask for the time of a batch: now(), current_date and their like are one parameter of a statement, $weir_now, to
// which each run gives the clock of the batch in hand. A replay has the clock of its plan, so it gives the same rows.
//
//   const BatchClock clock(plan.clock);   // while it lives, queries of this thread see it
//
// Threads: a clock belongs to the thread that made it. Errors: a statement with now() that runs without one is Fault::internal.

#include <optional>
#include <string_view>

#include "base/types.h"

namespace weir {

class BatchClock {
 public:
  explicit BatchClock(Micros now);
  ~BatchClock();
  BatchClock(const BatchClock&) = delete;
  BatchClock& operator=(const BatchClock&) = delete;

  static std::optional<Micros> current();

 private:
  std::optional<Micros> before_;
};

inline constexpr std::string_view clock_parameter = "weir_now";

// now, today, current_date, ...: functions, or names that stand without parentheses.
bool is_clock_name(std::string_view lower_name);
}  // namespace weir
