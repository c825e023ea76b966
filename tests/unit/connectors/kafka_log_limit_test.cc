#include "connectors/kafka_log_limit.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

using std::chrono::seconds;

std::string refused(int broker) {
  return "127.0.0.1:" + std::to_string(broker) + ": Connect failed: Connection refused";
}

}  // namespace

TEST_CASE("a broker that refuses connections writes one line a minute, which counts those left out") {
  KafkaLogLimit limit;
  int lines = 0;
  std::uint64_t left_out = 0;
  for (int ms = 0; ms < 600'000; ms += 100) {
    const std::string times = " (after " + std::to_string(ms % 7) + "ms in state CONNECT)";
    if (const auto admitted = limit.admit("main", "FAIL", refused(1) + times, std::chrono::milliseconds(ms))) {
      ++lines;
      left_out += *admitted;
    }
  }
  CHECK(lines == 10);
  CHECK(left_out + static_cast<std::uint64_t>(lines) == 5'401);  // up to the last line that was written
}

TEST_CASE("many brokers write a few lines in a window, and another kind or connection has lines of its own") {
  KafkaLogLimit limit;
  int lines = 0;
  for (int broker = 0; broker < 1000; ++broker)
    lines += limit.admit("main", "FAIL", refused(broker), seconds(1)) ? 1 : 0;
  CHECK(lines == KafkaLogLimit::lines_max);
  CHECK(limit.admit("other", "FAIL", refused(1), seconds(1)) == 0);
  CHECK(limit.admit("main", "SSL", refused(1), seconds(1)) == 0);
  CHECK(limit.admit("main", "FAIL", refused(999), seconds(10)) == std::nullopt);
  CHECK(limit.admit("main", "FAIL", refused(999), seconds(11)) == 996);
}

TEST_CASE("a text that has not come for a minute is news") {
  KafkaLogLimit limit;
  CHECK(limit.admit("main", "FAIL", refused(1), seconds(0)) == 0);
  CHECK(limit.admit("main", "FAIL", refused(1), seconds(59)) == std::nullopt);
  CHECK(limit.admit("main", "FAIL", refused(2), seconds(59)) == 1);
  CHECK(limit.admit("main", "FAIL", refused(1) + " (after 3ms in state CONNECT)", seconds(70)) == 0);
  CHECK(limit.admit("main", "FAIL", "", seconds(70)) == 0);
}

}  // namespace weir
