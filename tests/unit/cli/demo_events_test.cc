#include "cli/demo_events.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "base/json.h"

using namespace weir;

TEST_CASE("events follow from seed and number, and say what must become of them") {
  DemoEvents events;
  events.start = Micros(1'767'225'600'000'000);
  events.spacing_micros = 30'000;
  events.again_max_micros = 300'000'000;
  DemoEvents other = events;
  other.seed = 2;
  DemoCounts counts, others;
  std::set<std::string> seen;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const DemoEvent event = events.at(i, true);
    counts.add(event);
    others.add(other.at(i, true));
    const DemoEvent again = events.at(i, true);
    CHECK(event.value == again.value);
    CHECK((event.code ? 1 : 0) + (event.filtered ? 1 : 0) + (event.duplicate ? 1 : 0) <= 1);
    if (event.duplicate) {
      CHECK(seen.contains(*event.value));
    } else if (event.value) {
      seen.insert(*event.value);
    }
    const DemoEvent on_time = events.at(i, false);
    if (event.code == Code::late_record) {
      CHECK_FALSE(on_time.code);
    } else {
      CHECK(on_time.value == event.value);
    }
    if (event.code) continue;
    const auto json = parse_json(*event.value);
    REQUIRE(json);
    CHECK(((*json)["status"] == "TEST") == event.filtered);
    CHECK((*json)["amount"] > 0);
  }
  CHECK(counts.sent == 20'000);
  CHECK(counts.dead() > 400);
  CHECK(counts.dead() < 600);
  CHECK(counts.duplicates > 500);
  CHECK(counts.filtered > 500);
  CHECK(counts.good() + counts.dead() + counts.filtered + counts.duplicates == counts.sent);
  CHECK(counts.dead_letters.size() == 12);
  CHECK_FALSE(others == counts);
}
