#include "base/clock.h"

#include <condition_variable>
#include <mutex>

#include <fmt/format.h>

namespace weir {

SystemClock::SystemClock() : start_(std::chrono::steady_clock::now()) {}

Micros SystemClock::now() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Micros(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

Clock::Duration SystemClock::running() const {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start_);
}

bool SystemClock::sleep(Duration duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

bool VirtualClock::sleep(Duration duration, std::stop_token stop) {
  advance(duration);
  return !stop.stop_requested();
}

void VirtualClock::advance(Duration duration) {
  now_ += duration.count();
  running_ += duration.count();
}

std::string format_rfc3339(Micros time) {
  using namespace std::chrono;
  const sys_time<microseconds> point{microseconds(time.value)};
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss clock(point - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace weir
