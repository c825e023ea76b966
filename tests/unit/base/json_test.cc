#include "base/json.h"

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("JSON keeps the order of keys and survives bytes that are not UTF-8") {
  REQUIRE(dump_json(Json{{"b", 1}, {"a", "\xff"}}) == "{\"b\":1,\"a\":\"\xEF\xBF\xBD\"}");
  REQUIRE(dump_json(parse_json(R"({"z":1,"a":[2]})").value()) == R"({"z":1,"a":[2]})");
  REQUIRE(parse_json("{").error().fault == Fault::data);
}

}  // namespace weir
