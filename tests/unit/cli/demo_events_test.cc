#include "cli/demo_events.h"

#include <catch2/catch.hpp>

#include "base/json.h"

using namespace weir;

TEST_CASE("events follow from seed and number, and say what must become of them") {
  DemoEvents events;
  events.start = Micros(1'767'225'600'000'000);
  DemoEvents other = events;
  other.seed = 2;
  DemoCounts counts, others;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const DemoEvent event = events.at(i);
    counts.add(event);
    others.add(other.at(i));
    const DemoEvent again = events.at(i);
    CHECK(event.value == again.value);
    CHECK_FALSE((event.code && event.filtered));
    if (event.code) continue;
    const auto json = parse_json(*event.value);
    REQUIRE(json);
    CHECK(((*json)["status"] == "TEST") == event.filtered);
    CHECK((*json)["amount"] > 0);
  }
  CHECK(counts.sent == 20'000);
  CHECK(counts.dead() > 300);
  CHECK(counts.dead() < 500);
  CHECK(counts.filtered > 500);
  CHECK(counts.good() + counts.dead() + counts.filtered == counts.sent);
  CHECK(counts.dead_letters.size() == 11);
  CHECK_FALSE(others == counts);
}
