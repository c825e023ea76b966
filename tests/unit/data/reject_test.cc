#include "data/reject.h"

#include <set>

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("every code has a name of its own and none is unknown") {
  std::set<std::string_view> names;
  for (const Code code : all_codes()) names.insert(to_string(code));
  REQUIRE(names.size() == all_codes().size());
  REQUIRE(all_codes().size() == 22);
  REQUIRE_FALSE(names.contains("UNKNOWN"));
}

}  // namespace weir
