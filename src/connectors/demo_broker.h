#pragma once
// Runs a Kafka broker inside this process, for the demo: librdkafka's mock cluster with one topic, and a producer to fill it.
// It keeps 5 MB a partition, as stored, and knows no aborted transactions: never use it to test delivery.
//
// Threads: send and flush from one thread, the rest from any. Ownership: the broker ends with the object; clients of it must be
// gone before. Errors: Fault::external.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

struct rd_kafka_s;

namespace weir {

class DemoBroker {
 public:
  static Result<std::unique_ptr<DemoBroker>> start(std::string topic, std::int32_t partitions);
  ~DemoBroker();
  DemoBroker(const DemoBroker&) = delete;
  DemoBroker& operator=(const DemoBroker&) = delete;

  // One more topic, of one partition: for what a pipeline writes.
  Status make_topic(const std::string& name);

  // "127.0.0.1:12345"
  const std::string& address() const { return address_; }

  // Queues one record; nullopt is a null value.
  Status send(PartitionId partition, std::string_view key, std::optional<std::string_view> value, Micros timestamp);
  // Returns when the broker has all that was sent.
  Status flush(std::chrono::milliseconds timeout);

  struct Kept {
    Offset first;  // above 0: older records were trimmed
    Offset end;
  };
  Result<std::vector<Kept>> kept() const;

 private:
  DemoBroker(std::string topic, std::int32_t partitions) : topic_(std::move(topic)), partitions_(partitions) {}
  Status open();

  std::string topic_;
  std::int32_t partitions_;
  std::string address_;
  rd_kafka_s* producer_ = nullptr;  // owns the mock cluster
  std::atomic<std::uint64_t> refused_{0};
};

}  // namespace weir
