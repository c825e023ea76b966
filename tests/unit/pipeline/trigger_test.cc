#include "pipeline/trigger.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

using std::chrono::seconds;

TEST_CASE("every keeps its beat, and a slow batch starts the next one at once") {
  VirtualClock clock(Micros(0));
  Trigger trigger({TriggerSpec::Kind::every, seconds(5)}, clock);
  REQUIRE(trigger.wait({}));
  REQUIRE(clock.running() == seconds(0));
  clock.advance(seconds(2));
  REQUIRE(trigger.wait({}));
  REQUIRE(clock.running() == seconds(5));
  clock.advance(seconds(7));
  REQUIRE(trigger.wait({}));
  REQUIRE(clock.running() == seconds(12));
  REQUIRE(trigger.wait({}));
  REQUIRE(clock.running() == seconds(17));
}

TEST_CASE("a stop ends the wait") {
  SystemClock clock;
  Trigger trigger({TriggerSpec::Kind::every, seconds(3600)}, clock);
  std::stop_source stop;
  REQUIRE(trigger.wait(stop.get_token()));
  stop.request_stop();
  REQUIRE_FALSE(trigger.wait(stop.get_token()));
}

TEST_CASE("once and available_now end, the others do not") {
  VirtualClock clock(Micros(0));
  REQUIRE(Trigger({TriggerSpec::Kind::once, {}}, clock).ends());
  REQUIRE(Trigger({TriggerSpec::Kind::once, {}}, clock).single_batch());
  REQUIRE(Trigger({TriggerSpec::Kind::once, {}}, clock).patience() > std::chrono::hours(1));
  REQUIRE(Trigger({TriggerSpec::Kind::available_now, {}}, clock).ends());
  REQUIRE_FALSE(Trigger({TriggerSpec::Kind::available_now, {}}, clock).single_batch());
  REQUIRE_FALSE(Trigger({TriggerSpec::Kind::as_fast_as_possible, {}}, clock).ends());
}

}  // namespace
}  // namespace weir
