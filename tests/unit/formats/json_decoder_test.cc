#include <catch2/catch.hpp>

#include "formats/json_encoder.h"
#include "formats/records.h"

using namespace weir;
using namespace weir::test;

namespace {

const ContractSpec ride =
    contract({required("id", "string"), field("fare", "decimal(12,2)"), field("at", "timestamp"),
              field("tags", "list<string>"), field("where", "struct<city: string, zone: int32>")});

}  // namespace

TEST_CASE("a record becomes a row of its contract") {
  CHECK(
      outcome(
          ride,
          R"({"id":"r1","fare":12.5,"at":"2026-01-01T00:00:00.25Z","tags":["a","b"],"where":{"city":"Rome","zone":7}})") ==
      R"({"id":"r1","fare":12.50,"at":"2026-01-01T00:00:00.25Z","tags":["a","b"],"where":{"city":"Rome","zone":7}})");
}

TEST_CASE("fields may come in any order, with blanks, and be absent or null") {
  CHECK(outcome(ride, " { \"where\" : null ,\n\"tags\" : [ ] , \"id\" : \"x\" } ") ==
        R"({"id":"x","fare":null,"at":null,"tags":[],"where":null})");
  CHECK(outcome(ride, R"({"where":{"zone":1},"id":"x"})") ==
        R"({"id":"x","fare":null,"at":null,"tags":null,"where":{"city":null,"zone":1}})");
}

TEST_CASE("rows and rejected together are as many as the records, over many chunks") {
  std::vector<std::string> values;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = std::to_string(i);
    if (i % 7 == 3)
      values.push_back(R"({"id":)" + id + "}");
    else if (i % 11 == 0)
      values.push_back(R"({"id":"r)" + id + R"(","tags":null,"where":null})");
    else
      values.push_back(R"({"id":"a rather long id )" + id + R"(","tags":["x",null,")" + id + R"("],"fare":)" + id +
                       "}");
  }
  const Decoded decoded = decode(ride, values);
  REQUIRE(decoded.rows.rows() + decoded.rejected.size() == values.size());
  const auto src = decoded.rows.src();
  const auto texts = rows(decoded.rows);
  for (std::size_t r = 0; r < src.size(); ++r) {
    const auto i = src_ordinal(src[r]);
    const std::string id = std::to_string(i);
    REQUIRE(i % 7 != 3);
    if (i % 11 == 0)
      CHECK(texts[r] == R"({"id":"r)" + id + R"(","fare":null,"at":null,"tags":null,"where":null})");
    else
      CHECK(texts[r] == R"({"id":"a rather long id )" + id + R"(","fare":)" + id +
                            R"(.00,"at":null,"tags":["x",null,")" + id + R"("],"where":null})");
  }
  for (const Rejected& rejected : decoded.rejected) {
    CHECK(src_ordinal(rejected.src) % 7 == 3);
    CHECK(rejected.code == Code::type_mismatch);
    CHECK(rejected.field == "id");
    CHECK(rejected.step == "source");
  }
}
