#pragma once
// Waits out external faults: calls the work again with growing pauses until it succeeds, fails for another reason, or a stop
// is asked for. The work must be one that may be repeated.
//
// Threads: one caller at a time.

#include <algorithm>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "config/sink_spec.h"
#include "pipeline/progress.h"

namespace weir {

// Doubles from `first` to `max`.
class Backoff {
 public:
  explicit Backoff(const RetrySpec& spec) : next_(spec.first), max_(spec.max) {}
  Clock::Duration take() {
    const Clock::Duration now = next_;
    next_ = std::min(next_ * 2, max_);
    return now;
  }

 private:
  Clock::Duration next_;
  Clock::Duration max_;
};

// Tells the log and the listener of a fault that is waited out.
void tell_waiting(ProgressListener* listener, const Error& error, Clock::Duration next_try);

template <class Work>
auto retry(const RetrySpec& spec, Clock& clock, std::stop_token stop, ProgressListener* listener, Work&& work)
    -> decltype(work()) {
  Backoff backoff(spec);
  for (;;) {
    auto result = work();
    if (result || result.error().fault != Fault::external || result.error().retry == Retry::no) return result;
    const Clock::Duration pause = backoff.take();
    tell_waiting(listener, result.error(), pause);
    if (!clock.sleep(pause, stop)) return result;
  }
}

}  // namespace weir
