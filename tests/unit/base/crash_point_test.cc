#include "base/crash_point.h"

#include <set>

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("names of crash and fault points are unique") {
  const auto& crashes = crash_points();
  REQUIRE(std::set<std::string_view>(crashes.begin(), crashes.end()).size() == crashes.size());
  const auto& faults = fault_points();
  REQUIRE(std::set<std::string_view>(faults.begin(), faults.end()).size() == faults.size());
}

#ifdef WEIR_CRASH_POINTS
TEST_CASE("an armed crash throws at its hit and never again") {
  disarm_all();
  arm_crash("plan.before_write", 2);
  CRASH_POINT("plan.before_write");
  REQUIRE_THROWS_AS(crash_point("plan.before_write"), TestCrash);
  CRASH_POINT("plan.before_write");
  disarm_all();
}

TEST_CASE("an armed fault fails its hits only") {
  disarm_all();
  arm_fault("sink.write", 2, 2);
  REQUIRE(fault_point("sink.write").has_value());
  REQUIRE(fault_point("sink.write").error().fault == Fault::external);
  REQUIRE_FALSE(fault_point("sink.write").has_value());
  REQUIRE(fault_point("sink.write").has_value());
  disarm_all();
}
#endif

}  // namespace weir
