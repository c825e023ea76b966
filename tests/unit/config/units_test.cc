#include "config/units.h"

#include <limits>

#include <catch2/catch.hpp>

#include "base/clock.h"

namespace weir {
namespace {

std::int64_t micros(std::string_view text) { return parse_duration(text).value().count(); }
std::uint64_t bytes(std::string_view text) { return parse_bytes(text).value().value; }
std::int64_t time(std::string_view text) { return parse_timestamp(text).value().value; }

}  // namespace

TEST_CASE("durations are read exactly") {
  CHECK(micros("0s") == 0);
  CHECK(micros("1us") == 1);
  CHECK(micros("250ms") == 250'000);
  CHECK(micros("10m") == 600'000'000);
  CHECK(micros("1h30m") == 5'400'000'000);
  CHECK(micros("1d2h3m4s5ms6us") == 93'784'005'006);
  CHECK(micros("0.5s") == 500'000);
  CHECK(micros("1.000001s") == 1'000'001);
  CHECK(micros("1.10s") == 1'100'000);
  CHECK(micros("-1h") == -3'600'000'000);
  CHECK(micros("106751991d") == 9'223'372'022'400'000'000);
}

TEST_CASE("what is no duration is refused") {
  for (const char* text :
       {"",     "-",    "10",   "s",          "1.s",   ".5s",      "1 s",        "1S",
        "1min", "1s1m", "1s1s", "1.0000001s", "0.5us", "1us0.5us", "106751992d", "99999999999999999999s",
        "1e3s", "+1s",  "--1s", "1.5.5s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
  CHECK(parse_duration("10").error().find("its unit is missing; write 10s") != std::string::npos);
}

TEST_CASE("a duration reads back as it is written") {
  for (const std::int64_t value : {0L, 1L, 999L, 1'000L, 90'000'000L, 5'400'000'000L, 86'400'000'000L, -3'600'000'000L,
                                   std::numeric_limits<long>::max()}) {
    const auto text = format_duration(std::chrono::microseconds(value));
    INFO(text);
    CHECK(micros(text) == value);
  }
  CHECK(format_duration(std::chrono::microseconds(90'000'000)) == "90s");
}

TEST_CASE("sizes are read exactly") {
  CHECK(bytes("0B") == 0);
  CHECK(bytes("64MB") == 64'000'000);
  CHECK(bytes("1GiB") == 1'073'741'824);
  CHECK(bytes("1.5KiB") == 1536);
  CHECK(bytes("2TB") == 2'000'000'000'000);
  for (const char* text : {"", "10", "B", "-1B", "1Gb", "1 GB", "0.5B", "99999999TiB", "1GBMB"}) {
    INFO(text);
    CHECK_FALSE(parse_bytes(text));
  }
}

TEST_CASE("a size reads back as it is written") {
  for (const std::uint64_t value :
       {0UL, 1UL, 1000UL, 1024UL, 1536UL, 64'000'000UL, 1UL << 30, 10UL << 40, (1UL << 62) + 1}) {
    const auto text = format_bytes(Bytes(value));
    INFO(text);
    CHECK(bytes(text) == value);
  }
  CHECK(format_bytes(Bytes(64'000'000)) == "64MB");
  CHECK(format_bytes(Bytes(std::uint64_t{256} << 20)) == "256MiB");
}

TEST_CASE("points in time are read with their zone") {
  CHECK(time("1970-01-01T00:00:00Z") == 0);
  CHECK(time("1969-12-31T23:59:59.999999Z") == -1);
  CHECK(time("2026-01-31T09:00:00.5+01:00") == time("2026-01-31T08:00:00.5Z"));
  CHECK(time("2026-01-01T00:30:00+01:00") == time("2025-12-31T23:30:00Z"));
  CHECK(time("2024-02-29t00:00:00z") == 1'709'164'800'000'000);
  CHECK(format_rfc3339(Micros(time("2026-01-31T08:00:00.25-05:30"))) == "2026-01-31T13:30:00.250000Z");
  for (const char* text :
       {"", "2026-01-31", "2026-01-31T08:00:00", "2026-01-31 08:00:00Z", "2026-02-30T08:00:00Z", "2026-01-31T24:00:00Z",
        "2026-01-31T08:60:00Z", "2026-01-31T08:00:60Z", "2026-01-31T08:00:00.Z", "2026-01-31T08:00:00.1234567Z",
        "2026-01-31T08:00:00+1:00", "2026-01-31T08:00:00+24:00", "0000-01-01T00:00:00Z", "2026-1-31T08:00:00.0Z",
        "2026-01-31T08:00:00Zx", "-026-01-31T08:00:00Z"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

}  // namespace weir
