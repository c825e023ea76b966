#include "connectors/demo_broker.h"

#include <catch2/catch.hpp>

#include "base/clock.h"
#include "connectors/kafka_source.h"

using namespace weir;
using namespace std::chrono_literals;

TEST_CASE("the demo's broker keeps what it was sent and shows when it trimmed") {
  auto started = DemoBroker::start("payments", 2);
  REQUIRE(started);
  DemoBroker& broker = **started;
  CHECK(broker.address().starts_with("127.0.0.1:"));
  for (int i = 0; i < 1000; ++i) REQUIRE(broker.send(PartitionId(i % 2), "k", "value", Micros(1'000'000)));
  REQUIRE(broker.send(PartitionId(1), "k", std::nullopt, Micros(1'000'000)));
  REQUIRE(broker.flush(10s));
  const auto kept = broker.kept();
  REQUIRE(kept);
  CHECK(kept->at(0).first == Offset(0));
  CHECK(kept->at(0).end == Offset(500));
  CHECK(kept->at(1).end == Offset(501));

  // Noise that does not compress, past 5 MB in partition 0.
  std::uint64_t state = 1;
  std::string noise(100'000, ' ');
  for (int i = 0; i < 80; ++i) {
    for (char& c : noise) c = static_cast<char>((state = state * 6364136223846793005u + 1442695040888963407u) >> 56);
    REQUIRE(broker.send(PartitionId(0), "k", noise, Micros(1'000'000)));
    if (i % 20 == 0) REQUIRE(broker.flush(10s));
  }
  REQUIRE(broker.flush(10s));
  CHECK(broker.kept()->at(0).first > Offset(0));
  CHECK(broker.kept()->at(1).first == Offset(0));
}

TEST_CASE("the Kafka source reads from it") {
  auto started = DemoBroker::start("payments", 2);
  REQUIRE(started);
  DemoBroker& broker = **started;
  for (int i = 0; i < 1000; ++i) REQUIRE(broker.send(PartitionId(i % 2), "k", "value", Micros(1'000'000)));
  REQUIRE(broker.flush(10s));
  SystemClock clock;
  KafkaSourceOptions options;
  options.name = "payments";
  options.pipeline = "demo";
  options.spec.topics = {"payments"};
  options.connection.name = "main";
  options.connection.brokers = {broker.address()};
  auto source = KafkaSource::make(options, clock);
  REQUIRE(source);
  const Status verified = (*source)->verify();
  INFO((verified ? "" : verified.error().text()));
  REQUIRE(verified);
  REQUIRE((*source)->open(std::nullopt));
  FetchLimits limits;
  limits.wait_max = 1s;
  limits.until = *(*source)->end();
  std::uint64_t rows = 0;
  for (int i = 0; i < 10 && rows < 1000; ++i) {
    const auto fetched = (*source)->fetch(limits);
    REQUIRE(fetched);
    rows += fetched->rows();
  }
  CHECK(rows == 1000);
}
