#include "pipeline/retry.h"

#include <vector>

#include <catch2/catch.hpp>

namespace weir {
namespace {

struct Pauses final : ProgressListener {
  std::vector<Clock::Duration> taken;
  void committed(const BatchProgress&) override {}
  void waiting(const Error&, Clock::Duration next_try) override { taken.push_back(next_try); }
};

TEST_CASE("external faults are waited out with growing pauses") {
  VirtualClock clock(Micros(0));
  Pauses pauses;
  const RetrySpec spec{std::chrono::milliseconds(100), std::chrono::milliseconds(300)};
  int calls = 0;
  const auto work = [&]() -> Result<int> {
    if (++calls < 5) return fail(Fault::external, "away");
    return 42;
  };
  REQUIRE(retry(spec, clock, {}, &pauses, work).value() == 42);
  using std::chrono::milliseconds;
  REQUIRE(pauses.taken ==
          std::vector<Clock::Duration>{milliseconds(100), milliseconds(200), milliseconds(300), milliseconds(300)});
}

TEST_CASE("other faults are returned at once") {
  VirtualClock clock(Micros(0));
  int calls = 0;
  const auto work = [&]() -> Status {
    ++calls;
    return fail(Fault::config, "wrong");
  };
  REQUIRE(retry(RetrySpec{}, clock, {}, nullptr, work).error().message == "wrong");
  REQUIRE(calls == 1);
}

TEST_CASE("a stop ends the tries with the last error") {
  VirtualClock clock(Micros(0));
  std::stop_source stop;
  stop.request_stop();
  int calls = 0;
  const auto work = [&]() -> Status {
    ++calls;
    return fail(Fault::external, "away");
  };
  REQUIRE_FALSE(retry(RetrySpec{}, clock, stop.get_token(), nullptr, work).has_value());
  REQUIRE(calls == 1);
}

}  // namespace
}  // namespace weir
