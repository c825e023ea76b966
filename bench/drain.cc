// The wall: librdkafka reads every record of a topic and does nothing with it. No engine that reads Kafka through
// librdkafka on this machine is faster, so Weir's speed is given as a share of this.
//
//   weir_bench_drain BOOTSTRAP TOPIC        prints one line of JSON: events, bytes, seconds
//
// One queue for all partitions, batches of 10,000 messages; the clock runs from the first request to the last
// partition's end.
#include <chrono>
#include <cstdint>
#include <vector>

#include "kafka_handle.h"

namespace weir::bench {
namespace {

constexpr int batch_messages = 10'000;
constexpr int metadata_timeout_ms = 10'000;
constexpr int batch_timeout_ms = 50;  // a call waits that long for a full batch: the last one is not full
constexpr int silent_batches_max = 200;

struct Drained {
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
};

int partition_count(rd_kafka_t* client, rd_kafka_topic_t* topic) {
  const struct rd_kafka_metadata* found = nullptr;
  const auto error = rd_kafka_metadata(client, 0, topic, &found, metadata_timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) die(rd_kafka_err2str(error));
  const int count = found->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(found);
  if (count == 0) die("no such topic");
  return count;
}

Drained drain(rd_kafka_queue_t* queue, int partitions) {
  Drained total;
  std::vector<rd_kafka_message_t*> messages(batch_messages);
  int silent = 0;
  for (int at_end = 0; at_end < partitions;) {
    const auto got = rd_kafka_consume_batch_queue(queue, batch_timeout_ms, messages.data(), messages.size());
    if (got < 0) die(rd_kafka_err2str(rd_kafka_last_error()));
    silent = got > 0 ? 0 : silent + 1;
    if (silent > silent_batches_max) die("the broker sent nothing for 10 s");
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      rd_kafka_message_t* const message = messages[i];
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        ++total.events;
        total.bytes += message->len;
      } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        ++at_end;
      } else {
        die(rd_kafka_message_errstr(message));
      }
      rd_kafka_message_destroy(message);
    }
  }
  return total;
}

int run(const char* bootstrap, const char* name) {
  const auto client = open_client(RD_KAFKA_CONSUMER, bootstrap,
                                  {{"group.id", "weir-bench-drain"},
                                   {"enable.auto.commit", "false"},
                                   {"enable.partition.eof", "true"},
                                   {"check.crcs", "false"},
                                   {"fetch.message.max.bytes", "4194304"},
                                   {"queued.min.messages", "1000000"},
                                   {"queued.max.messages.kbytes", "262144"}});
  const Handle<rd_kafka_topic_t> topic(rd_kafka_topic_new(client.get(), name, nullptr));
  const int partitions = partition_count(client.get(), topic.get());
  const Handle<rd_kafka_queue_t> queue(rd_kafka_queue_new(client.get()));

  const auto began = std::chrono::steady_clock::now();
  for (int p = 0; p < partitions; ++p) {
    if (rd_kafka_consume_start_queue(topic.get(), p, RD_KAFKA_OFFSET_BEGINNING, queue.get()) != 0)
      die(rd_kafka_err2str(rd_kafka_last_error()));
  }
  const Drained total = drain(queue.get(), partitions);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;

  std::printf("{\"events\": %llu, \"bytes\": %llu, \"seconds\": %.3f}\n", static_cast<unsigned long long>(total.events),
              static_cast<unsigned long long>(total.bytes), seconds.count());
  for (int p = 0; p < partitions; ++p) rd_kafka_consume_stop(topic.get(), p);
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  if (argc != 3) weir::bench::die("usage: weir_bench_drain BOOTSTRAP TOPIC", 2);
  return weir::bench::run(argv[1], argv[2]);
}
