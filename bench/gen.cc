// Fills a topic of four partitions with ride events (ride_events.h).
//
//   weir_bench_gen BOOTSTRAP TOPIC N [SEED]     sends N records, as fast as the broker takes them
//   weir_bench_gen - - N [SEED]                 prints "partition TAB record" lines instead
//
// The counts by kind go to stderr as one line of JSON.
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <functional>
#include <string_view>

#include "kafka_handle.h"
#include "ride_events.h"

namespace weir::bench {
namespace {

class Producer {
 public:
  Producer(const char* bootstrap, const char* topic)
      : client_(open_client(RD_KAFKA_PRODUCER, bootstrap,
                            {{"linger.ms", "20"},
                             {"batch.size", "1000000"},
                             {"queue.buffering.max.messages", "2000000"},
                             {"queue.buffering.max.kbytes", "1048576"},
                             {"enable.idempotence", "true"}})),  // keeps the order in a partition over retries
        topic_(rd_kafka_topic_new(client_.get(), topic, nullptr)) {}

  void send(const RideEvent& event) {
    while (rd_kafka_produce(topic_.get(), event.partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(event.value.data()),
                            event.value.size(), nullptr, 0, nullptr) != 0) {
      const auto error = rd_kafka_last_error();
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(error));
      rd_kafka_poll(client_.get(), 50);
    }
    if ((++sent_ & 1023) == 0) rd_kafka_poll(client_.get(), 0);
  }

  void finish() {
    if (rd_kafka_flush(client_.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) die("the broker did not take all records");
  }

 private:
  Handle<rd_kafka_t> client_;
  Handle<rd_kafka_topic_t> topic_;
  std::uint64_t sent_ = 0;
};

void generate(std::uint64_t count, std::uint64_t seed, const std::function<void(const RideEvent&)>& take) {
  const auto began = std::chrono::steady_clock::now();
  RideEvents events(seed);
  std::uint64_t bytes = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const RideEvent event = events.next();
    bytes += event.value.size();
    take(event);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  const RideCounts& c = events.counts();
  std::fprintf(stderr,
               "{\"sent\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.2f, \"cut\": %" PRIu64
               ", \"wrong_type\": %" PRIu64 ", \"no_event_time\": %" PRIu64 ", \"late\": %" PRIu64
               ", \"copies\": %" PRIu64 "}\n",
               count, bytes, seconds.count(), c.malformed[0], c.malformed[1], c.malformed[2], c.late, c.copies);
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  using namespace weir::bench;
  if (argc < 4 || argc > 5) die("usage: weir_bench_gen BOOTSTRAP|- TOPIC N [SEED]", 2);
  const std::uint64_t count = std::strtoull(argv[3], nullptr, 10);
  const std::uint64_t seed = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 42;
  if (std::string_view(argv[1]) == "-") {
    generate(count, seed, [](const RideEvent& event) {
      std::printf("%d\t%.*s\n", event.partition, static_cast<int>(event.value.size()), event.value.data());
    });
    return 0;
  }
  Producer producer(argv[1], argv[2]);
  generate(count, seed, [&](const RideEvent& event) { producer.send(event); });
  producer.finish();
  return 0;
}
