#include "connectors/kafka_memory.h"

#include <catch2/catch.hpp>

using namespace weir;

TEST_CASE("what Kafka remembers of a sink comes back as it went") {
  const BatchId id{"6f1c9a52-0000-4000-8000-000000000001", Epoch(3), BatchNumber(12), 0x00a1b2c3d4e5f607};
  const std::string text = encode_memory(id);
  CHECK(
      text ==
      R"({"format":1,"writer":"6f1c9a52-0000-4000-8000-000000000001","epoch":3,"batch":12,"plan":"00a1b2c3d4e5f607"})");
  CHECK(decode_memory(text).value() == id);
}

TEST_CASE("a text that is not ours, or newer, is a matter for a person") {
  for (const char* text :
       {"", "{}", "consumer-1", R"({"format":2,"writer":"w","epoch":3,"batch":12,"plan":"0a"})",
        R"({"format":1,"writer":"w","epoch":3,"batch":12,"plan":"xyz"})", R"({"format":1,"writer":"w","epoch":3})",
        R"({"format":1,"writer":"w","epoch":3,"batch":12,"plan":"0a","more":1})"}) {
    INFO(text);
    const auto id = decode_memory(text);
    REQUIRE(!id);
    CHECK(id.error().fault == Fault::config);
  }
}

TEST_CASE("no two sinks have one name in Kafka") {
  CHECK(kafka_sink_id("payments", "totals") == "weir.payments.totals");
  CHECK(kafka_sink_id("a.b", "c") != kafka_sink_id("a", "b_c"));
}
