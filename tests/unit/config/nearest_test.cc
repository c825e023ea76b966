#include "config/nearest.h"

#include <string>

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("the edit distance counts insertions, removals, replacements and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("topics", "topics") == 0);
  CHECK(edit_distance("topic", "topics") == 1);
  CHECK(edit_distance("tpoics", "topics") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest name is found where one is near") {
  const std::vector<std::string_view> known{"topics", "topic_pattern", "start", "rate"};
  CHECK(nearest("topcis", known) == "topics");
  CHECK(nearest("TOPICS", known) == "topics");
  CHECK(nearest("rat", known) == "rate");
  CHECK_FALSE(nearest("zzz", known));
  CHECK_FALSE(nearest(std::string(10'000, 'a'), known));
  CHECK_FALSE(nearest("x", {}));
}

TEST_CASE("a suggestion names the nearest, or all") {
  CHECK(suggestion("topic", {"topics", "rate"}) == "; did you mean \"topics\"?");
  CHECK(suggestion("zzz", {"topics", "rate"}) == "; known here: topics, rate");
  CHECK(suggestion("zzz", {}) == "; nothing is known here");
}

}  // namespace weir
