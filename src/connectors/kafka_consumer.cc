#include "connectors/kafka_consumer.h"

#include <algorithm>

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace weir {
namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
// What librdkafka keeps for each queued message besides its bytes (the op, its list links, the allocator's share).
constexpr std::uint64_t message_overhead = 512;

// What Weir's promises rest on; no property of a connection can change these.
KafkaSettings fixed_settings() {
  return {
      {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},  // what to do about lost offsets is decided here, never in the library
      {"isolation.level", "read_committed"}, {"enable.partition.eof", "true"},
  };
}

}  // namespace

KafkaSettings queue_settings(Bytes memory, std::size_t partitions) {
  const std::uint64_t share = std::max(memory.value / std::max<std::size_t>(partitions, 1), 128 * kib);
  const std::uint64_t fetch = std::clamp(share / 4, 64 * kib, 4 * mib);
  return {
      // Half for the bytes, half for the messages around them: whichever is full first stops the fetching.
      {"queued.max.messages.kbytes",
       std::to_string(std::clamp(share / 2 / kib, std::uint64_t{64}, std::uint64_t{2'000'000}))},
      {"queued.min.messages",
       std::to_string(std::clamp(share / 2 / message_overhead, std::uint64_t{100}, std::uint64_t{1'000'000}))},
      {"fetch.message.max.bytes", std::to_string(fetch)},
      {"fetch.max.bytes", std::to_string(std::clamp(memory.value / 4, mib, 50 * mib))},
      {"fetch.queue.backoff.ms", "5"},  // librdkafka's own second would leave the queue empty for most of it
      {"fetch.wait.max.ms", "100"},
      {"check.crcs", "true"},
      {"topic.metadata.refresh.interval.ms", "10000"},
  };
}

Result<std::shared_ptr<KafkaConsumer>> KafkaConsumer::make(const ConnectionSpec& connection, Bytes memory,
                                                           std::size_t partitions, const Clock& clock) {
  auto client = TRY(
      KafkaClient::make(connection, KafkaRole::consumer, queue_settings(memory, partitions), fixed_settings(), clock));
  const int bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (bell < 0) return fail(Fault::external, "no file descriptor is left for the Kafka consumer");
  return std::shared_ptr<KafkaConsumer>(new KafkaConsumer(std::move(client), partitions, bell));
}

KafkaConsumer::~KafkaConsumer() {
  for (const auto& [name, topic] : topics_) rd_kafka_topic_destroy(topic);
  client_.reset();  // its threads ring the bell
  close(bell_);
}

Result<rd_kafka_topic_s*> KafkaConsumer::topic(const std::string& name) {
  rd_kafka_topic_s*& topic = topics_[name];
  if (topic == nullptr) topic = rd_kafka_topic_new(client_->get(), name.c_str(), nullptr);
  if (topic == nullptr) return fail(to_error(rd_kafka_last_error(), "", name));
  return topic;
}

rd_kafka_queue_s* KafkaConsumer::make_queue() {
  static const std::uint64_t one = 1;
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client_->get());
  rd_kafka_queue_io_event_enable(queue, bell_, &one, sizeof one);
  return queue;
}

void KafkaConsumer::wait(std::chrono::microseconds longest) {
  pollfd waiting{bell_, POLLIN, 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::max(longest, std::chrono::microseconds(0)));
  if (poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(ms.count(), 60'000))) <= 0) return;
  std::uint64_t rings = 0;
  if (read(bell_, &rings, sizeof rings) < 0) return;  // another wait took them
}

void KafkaConsumer::ring() {
  const std::uint64_t one = 1;
  if (write(bell_, &one, sizeof one) < 0) return;  // full: it rings already
}

}  // namespace weir
