#include "connectors/rate_budget.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

constexpr Clock::Duration ms(std::int64_t n) { return Clock::Duration(n * 1000); }

}  // namespace

TEST_CASE("without a rate everything is allowed") {
  RateBudget budget(std::nullopt);
  budget.refill(ms(0));
  CHECK(budget.records() == std::numeric_limits<std::uint64_t>::max());
  budget.spend(1'000'000);
  CHECK(budget.until_next() == Clock::Duration(0));
}

TEST_CASE("a rate allows what it says over any long time") {
  RateBudget budget(1000);
  std::uint64_t given = 0;
  for (int i = 0; i <= 100; ++i) {
    budget.refill(ms(i * 100));
    given += budget.records();
    budget.spend(budget.records());
  }
  CHECK(given == 1000 + 10'000);  // the first second is there at once
}

TEST_CASE("a long interval between fetches brings all of its records, a pause brings no second helping") {
  RateBudget budget(1000);
  budget.refill(ms(0));
  budget.spend(1000);
  budget.refill(ms(60'000));
  CHECK(budget.records() == 60'000);
  budget.refill(ms(60'100));  // nothing was there: of the unused minute a second is left
  CHECK(budget.records() == 1000);
}

TEST_CASE("the wait for the next record follows the rate") {
  RateBudget budget(10);
  budget.refill(ms(0));
  budget.spend(10);
  CHECK(budget.records() == 0);
  CHECK(budget.until_next() >= ms(99));
  CHECK(budget.until_next() <= ms(101));
}

}  // namespace weir
