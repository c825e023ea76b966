#include "ride_events.h"

#include <chrono>
#include <cinttypes>
#include <cstdio>

namespace weir::bench {
namespace {

constexpr std::array<const char*, 50> cities = {
    "amsterdam", "athens",   "atlanta", "austin",   "bangkok",  "barcelona", "berlin", "bogota",    "boston",
    "brussels",  "cairo",    "chicago", "dallas",   "delhi",    "denver",    "dubai",  "dublin",    "geneva",
    "hamburg",   "helsinki", "houston", "istanbul", "jakarta",  "karachi",   "kyiv",   "lagos",     "lima",
    "lisbon",    "london",   "madrid",  "manila",   "miami",    "milan",     "mumbai", "munich",    "nairobi",
    "oslo",      "paris",    "prague",  "rome",     "santiago", "seattle",   "seoul",  "singapore", "stockholm",
    "sydney",    "tokyo",    "toronto", "vienna",   "warsaw"};
constexpr std::array<const char*, 3> statuses = {"requested", "completed", "cancelled"};
constexpr std::int64_t first_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z

enum class Malformed : std::uint32_t { cut = 0, wrong_type = 1, no_event_time = 2 };

// Appends at buffer + length; returns the new length.
template <class... Args>
int append(std::array<char, 512>& buffer, int length, const char* format, Args... args) {
  const auto at = static_cast<std::size_t>(length);
  return length + std::snprintf(buffer.data() + at, buffer.size() - at, format, args...);
}

int append_time(std::array<char, 512>& buffer, int length, std::int64_t time_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(time_ms)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return append(buffer, length, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
}

}  // namespace

std::uint64_t SplitMix64::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

std::uint32_t SplitMix64::below(std::uint32_t limit) {
  return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
}

RideEvent RideEvents::next() {
  const std::int64_t now_ms = first_ms + static_cast<std::int64_t>(number_);
  if (!copies_.empty() && copies_.top().due_ms <= now_ms) {
    copied_ = copies_.top().value;
    const int partition = copies_.top().partition;
    copies_.pop();
    ++counts_.copies;
    return {partition, copied_};
  }
  return make();
}

RideEvent RideEvents::make() {
  const std::uint64_t number = number_++;
  const std::int64_t now_ms = first_ms + static_cast<std::int64_t>(number);
  // Every event takes the same draws in the same order, whatever becomes of it: nothing shifts the events after it.
  const std::uint64_t id = rng_.next();
  const std::uint32_t ride = rng_.below(3'000'000), driver = rng_.below(20'000);
  const std::uint32_t city = rng_.below(50), status = rng_.below(3);
  const std::uint32_t cents = rng_.below(8'000), surge = 10 + rng_.below(15);
  const std::uint32_t kind = rng_.below(100'000), delay_ms = rng_.below(30'001);
  const std::uint32_t late_by_ms = 600'000 + rng_.below(1'800'001);
  const auto how = static_cast<Malformed>(rng_.below(3));
  const std::uint32_t copy_in_ms = 1'000 + rng_.below(239'001);
  const bool malformed = kind < 500, late = kind >= 500 && kind < 700, copied = kind >= 1'000 && kind < 3'000;
  const auto is = [&](Malformed which) { return malformed && how == which; };
  // Half of the cancelled rides cost nothing, so that "fare > 0" alone removes something.
  const std::uint32_t fare = (status == 2 && cents % 2 == 1) ? 0 : 100 + cents;

  int length = append(buffer_, 0,
                      "{\"event_id\":\"%016" PRIx64
                      "-%08x\",\"ride_id\":\"r%07u\",\"driver_id\":\"d%u\",\"city\":\"%s\","
                      "\"status\":\"%s\",\"fare\":",
                      id, static_cast<unsigned>(number), ride, driver, cities[city], statuses[status]);
  length = is(Malformed::wrong_type) ? append(buffer_, length, "\"n/a\"")
                                     : append(buffer_, length, "%u.%02u", fare / 100, fare % 100);
  length = append(buffer_, length, ",\"surge\":%u.%u", surge / 10, surge % 10);
  if (!is(Malformed::no_event_time)) {
    length = append(buffer_, length, ",\"event_time\":\"");
    length = append_time(buffer_, length, now_ms - (late ? late_by_ms : delay_ms));
    length = append(buffer_, length, "\"");
  }
  length = append(buffer_, length, "}");
  if (is(Malformed::cut)) length = 40 + static_cast<int>(id % 80);

  if (malformed) ++counts_.malformed[static_cast<std::size_t>(how)];
  if (late) ++counts_.late;
  const RideEvent event{static_cast<int>((ride * 2'654'435'761U) >> 30),
                        std::string_view(buffer_.data(), static_cast<std::size_t>(length))};
  if (copied) copies_.push({now_ms + copy_in_ms, number, event.partition, std::string(event.value)});
  return event;
}

}  // namespace weir::bench
