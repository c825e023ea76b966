#include "base/clock.h"

#include <thread>

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("times print as RFC 3339, before 1970 too") {
  REQUIRE(format_rfc3339(Micros(0)) == "1970-01-01T00:00:00.000000Z");
  REQUIRE(format_rfc3339(Micros(-1)) == "1969-12-31T23:59:59.999999Z");
  REQUIRE(format_rfc3339(Micros(1767225600123456)) == "2026-01-01T00:00:00.123456Z");
  REQUIRE(format_rfc3339(Micros(253402300799999999)) == "9999-12-31T23:59:59.999999Z");
}

TEST_CASE("a virtual clock moves only by sleeping and by advance") {
  VirtualClock clock(Micros(1000));
  REQUIRE(clock.now() == Micros(1000));
  REQUIRE(clock.sleep(std::chrono::seconds(2), {}));
  REQUIRE(clock.now() == Micros(2'001'000));
  REQUIRE(clock.running() == std::chrono::seconds(2));
}

TEST_CASE("a sleep ends at once when a stop is asked for") {
  SystemClock clock;
  std::stop_source stop;
  std::jthread asker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    stop.request_stop();
  });
  REQUIRE_FALSE(clock.sleep(std::chrono::hours(1), stop.get_token()));
}

}  // namespace weir
