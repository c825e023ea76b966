#pragma once
// Gives the time. Everything that needs the time or waits takes a Clock, so that a pipeline runs in a test under
// virtual time.
//
// Threads: all members may be called from any thread. Ownership: callers keep the clock alive.

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>

#include "base/types.h"

namespace weir {

class Clock {
 public:
  using Duration = std::chrono::microseconds;

  virtual ~Clock() = default;
  virtual Micros now() const = 0;        // wall time; may jump
  virtual Duration running() const = 0;  // since the clock was made; never goes back
  // Waits for `duration` or until a stop is asked for; false if it was.
  virtual bool sleep(Duration duration, std::stop_token stop) = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  SystemClock();
  Micros now() const override;
  Duration running() const override;
  bool sleep(Duration duration, std::stop_token stop) override;

 private:
  std::chrono::steady_clock::time_point start_;
};

// Stands still until told; sleep moves it on at once.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Micros start) : now_(start.value) {}
  Micros now() const override { return Micros(now_.load()); }
  Duration running() const override { return Duration(running_.load()); }
  bool sleep(Duration duration, std::stop_token stop) override;
  void advance(Duration duration);

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> running_{0};
};

// RFC 3339 in UTC with microseconds: "2026-01-01T00:00:00.000000Z". Years 0000 to 9999.
std::string format_rfc3339(Micros time);

}  // namespace weir
