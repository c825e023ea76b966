#include "base/result.h"

#include <memory>

#include <catch2/catch.hpp>

namespace weir {
namespace {

Result<int> parse(bool good) {
  if (!good) return fail(Fault::data, "not a number", "a.yaml:1:2");
  return 7;
}

Result<int> twice(bool good) {
  const int value = TRY(parse(good));
  return 2 * value;
}

Status only_check(bool good) {
  TRY(parse(good));
  return {};
}

Result<std::unique_ptr<int>> owned() { return std::make_unique<int>(3); }
Result<int> from_owned() {
  const std::unique_ptr<int> value = TRY(owned());
  return *value;
}

TEST_CASE("TRY gives the value or returns the error") {
  REQUIRE(twice(true).value() == 14);
  REQUIRE(twice(false).error().message == "not a number");
  REQUIRE(only_check(true).has_value());
  REQUIRE(only_check(false).error().fault == Fault::data);
  REQUIRE(from_owned().value() == 3);
}

TEST_CASE("only external faults are tried again") {
  REQUIRE(fail(Fault::external, "away").value().retry == Retry::with_backoff);
  REQUIRE(fail(Fault::config, "wrong").value().retry == Retry::no);
}

TEST_CASE("an error's text begins with its place") {
  REQUIRE(parse(false).error().text() == "a.yaml:1:2: not a number");
  REQUIRE(Error{Fault::data, Retry::no, "x"}.text() == "x");
}

}  // namespace
}  // namespace weir
