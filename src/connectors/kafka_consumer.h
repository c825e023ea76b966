#pragma once
// The consuming client of one source: librdkafka's simple consumer, without a group, so that nobody but Weir decides where
// a partition is read. Each partition has a queue of its own: one that is held back (a rate, a fair share) holds up no
// other, and its records are neither lost nor fetched twice. All queues ring one bell.
//
// Threads: ring() from any thread, all else one caller at a time. Ownership: shared with the batches that hold messages.

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "connectors/kafka_client.h"

struct rd_kafka_topic_s;
struct rd_kafka_queue_s;

namespace weir {

class KafkaConsumer {
 public:
  // `memory` is what all queues together may hold, shared out over `partitions`.
  static Result<std::shared_ptr<KafkaConsumer>> make(const ConnectionSpec& connection, Bytes memory,
                                                     std::size_t partitions, const Clock& clock);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  KafkaClient& client() { return *client_; }
  std::size_t sized_for() const { return sized_for_; }
  // Of this client; made at the first use. Fault::config for a name that Kafka does not take.
  Result<rd_kafka_topic_s*> topic(const std::string& name);
  // A new queue that rings the bell; the caller destroys it.
  rd_kafka_queue_s* make_queue();

  // Waits until something came in, ring() was called or the time is over.
  void wait(std::chrono::microseconds longest);
  void ring();

 private:
  KafkaConsumer(std::shared_ptr<KafkaClient> client, std::size_t sized_for, int bell)
      : client_(std::move(client)), sized_for_(sized_for), bell_(bell) {}

  std::shared_ptr<KafkaClient> client_;
  std::size_t sized_for_;
  int bell_;  // an eventfd
  std::map<std::string, rd_kafka_topic_s*> topics_;
};

// The settings that follow from the memory of the queues; see the .cc for the sizes behind them.
KafkaSettings queue_settings(Bytes memory, std::size_t partitions);

}  // namespace weir
