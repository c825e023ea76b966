#pragma once
// Writes rows as JSON records to a topic of Kafka, at least once: write() returns when every record is acknowledged by all
// in-sync replicas, and a repeat of a batch sends all of it again. The producer is idempotent, so that its own retries
// double nothing and keep the order within a partition.
//
//   value      the row as JSON (formats/json_encoder.h); a row with `_op` remove has a null value (tombstone)
//   key        the bytes of the column `key`; null where it is null, or where no column is named
//   partition  murmur2 of the key, as Java's clients place it; without a key any, batch by batch
//   headers    one a named column; a null stays a null header
//   a row that the topic does not take (its size; no key in a compacted topic) is SINK_REJECTED, the others are stored
//
// Errors: Fault::config for a missing topic or right; Fault::external where not every record was acknowledged within
// `timeout`: what is still on its way is thrown away with its producer before write() returns.
//
// Threads: one caller at a time. Ownership: the clock outlives the sink.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/connection_spec.h"
#include "config/sink_spec.h"
#include "connectors/kafka_admin.h"
#include "connectors/sink.h"

namespace weir {

struct KafkaSinkOptions {
  SinkSpec spec;
  ConnectionSpec connection;
};

class KafkaSink final : public Sink {
 public:
  // Calls nobody: that begins with verify or open.
  static Result<std::unique_ptr<KafkaSink>> make(KafkaSinkOptions options, const Clock& clock);
  ~KafkaSink() override;

  Guarantee guarantee() const override { return Guarantee::at_least_once; }
  Status verify(const Schema& schema) override;
  Status open(const std::string& writer, Epoch epoch) override;
  Result<std::optional<BatchId>> landed() override { return std::optional<BatchId>(); }  // Kafka does not say
  Result<Written> write(const BatchId& id, const Batch& rows) override;

 private:
  struct Records;
  class Sending;
  KafkaSink(KafkaSinkOptions options, const Clock& clock);

  std::string place() const { return "sinks." + options_.spec.name + " (" + options_.spec.kafka.topic + ")"; }
  Status make_admin();
  Status make_producer();
  Result<Records> encode(const Batch& rows) const;
  Result<Written> send(const Records& records, const Batch& rows);

  KafkaSinkOptions options_;
  std::unique_ptr<KafkaAdmin> admin_;  // null until the first question
  const Clock& clock_;
  std::shared_ptr<KafkaClient> producer_;  // null after a failure: a new one knows nothing of the old one's records
  std::uint64_t batch_bytes_ = 0;          // a record larger than this travels alone
};

}  // namespace weir
