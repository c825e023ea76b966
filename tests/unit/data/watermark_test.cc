#include "data/watermark.h"

#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

namespace weir {
namespace {

using std::chrono::seconds;
using Partition = WatermarkTracker::Partition;

Partition part(int id) { return {"t", PartitionId(id)}; }
Micros at(std::int64_t s) { return Micros(s * 1'000'000); }

WatermarkRule rule(bool across_max = false) { return {seconds(10), across_max, seconds(60)}; }

TEST_CASE("the slowest active partition sets the watermark") {
  WatermarkTracker tracker(rule());
  tracker.observe(part(0), at(100));
  tracker.observe(part(1), at(50));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(40));
  REQUIRE(tracker.held_by(seconds(0)) == part(1));
  tracker.observe(part(1), at(200));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(90));
}

TEST_CASE("across max the fastest partition does, as in Spark") {
  WatermarkTracker tracker(rule(true));
  tracker.observe(part(0), at(100));
  tracker.observe(part(1), at(50));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(90));
}

TEST_CASE("the watermark never goes back") {
  WatermarkTracker tracker(rule());
  tracker.observe(part(0), at(100));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(90));
  tracker.observe(part(1), at(10));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(90));
}

TEST_CASE("a partition without event time holds the watermark until it is idle") {
  WatermarkTracker tracker(rule());
  tracker.observe(part(0), at(100));
  tracker.see(part(1), true, seconds(0));
  REQUIRE_FALSE(tracker.advance(seconds(59)).watermark.has_value());
  const auto advanced = tracker.advance(seconds(60));
  REQUIRE(advanced.watermark == at(90));
  REQUIRE(advanced.idle == std::vector<Partition>{part(1)});
}

TEST_CASE("a partition with records waiting is never idle, however long it takes") {
  WatermarkTracker tracker(rule());
  tracker.observe(part(0), at(100));
  tracker.observe(part(1), at(20));
  tracker.see(part(1), false, seconds(0));
  REQUIRE(tracker.advance(seconds(100'000)).watermark == at(10));
}

TEST_CASE("time while the worker was down does not make idle") {
  WatermarkTracker tracker(rule());
  tracker.restore(at(5), {{part(0), at(100)}, {part(1), at(20)}});
  tracker.see(part(1), true, seconds(1));
  REQUIRE(tracker.advance(seconds(60)).watermark == at(10));
  REQUIRE(tracker.advance(seconds(61)).watermark == at(90));
}

TEST_CASE("when all are idle the watermark holds, and rows bring it back") {
  WatermarkTracker tracker(rule());
  tracker.observe(part(0), at(100));
  tracker.see(part(0), true, seconds(0));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(90));
  REQUIRE(tracker.advance(seconds(100)).watermark == at(90));
  tracker.observe(part(0), at(300));
  REQUIRE(tracker.advance(seconds(101)).watermark == at(290));
}

// FLINK-38454: the final watermark must not depend on the order in which splits become idle.
TEST_CASE("the order of becoming idle does not matter") {
  std::vector<int> order(5);
  std::iota(order.begin(), order.end(), 0);
  do {
    WatermarkTracker tracker(rule());
    for (int i = 0; i < 5; ++i) tracker.observe(part(i), at(100 + i));
    for (int i = 0; i < 5; ++i) {
      tracker.see(part(order[static_cast<std::size_t>(i)]), true, seconds(i));
      tracker.peek(seconds(i));
    }
    REQUIRE(tracker.advance(seconds(0)).watermark == at(90));
    REQUIRE(tracker.advance(seconds(1000)).watermark == at(90));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("event times before 1970 count like others") {
  WatermarkTracker tracker(rule());
  tracker.observe(part(0), at(-1000));
  REQUIRE(tracker.advance(seconds(0)).watermark == at(-1010));
}

}  // namespace
}  // namespace weir
