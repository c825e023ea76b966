#include "base/hash.h"

#include <catch2/catch.hpp>

#include "base/uuid.h"

namespace weir {

// Durable formats rest on these values; they are XXH3's own.
TEST_CASE("hashes are XXH3 and stay the same") {
  REQUIRE(to_hex(hash64("")) == "2d06800538d394c2");
  REQUIRE(hash64("weir") == hash64("weir"));
  REQUIRE(hash64("weir") != hash64("weir", 1));
  REQUIRE(hash128("").high == 0x99aa06d3014798d8U);
  REQUIRE(hash128("").low == 0x6001c324468d497fU);
}

TEST_CASE("minted identifiers are version 4 and differ") {
  const std::string a = mint_uuid();
  REQUIRE(a.size() == 36);
  REQUIRE(a[14] == '4');
  REQUIRE(a != mint_uuid());
}

}  // namespace weir
