#pragma once
// Writes rows as JSON records to a topic of Kafka. Exactly once: a batch is one transaction, which also commits who wrote it
// (kafka_transactions.h), so that readers of committed records see each row once. At least once (`guarantee`): write()
// returns when every record is acknowledged by all in-sync replicas, and a repeat of a batch sends all of it again. The
// producer is idempotent in both, so that its own retries double nothing and keep the order within a partition.
//
//   value      the row as JSON (formats/json_encoder.h); a row with `_op` remove has a null value (tombstone)
//   key        the bytes of the column `key`; null where it is null, or where no column is named
//   partition  murmur2 of the key, as Java's clients place it; without a key any, batch by batch
//   headers    one a named column; a null stays a null header
//   a row that the topic does not take (its size; no key in a compacted topic) is SINK_REJECTED, the others are stored.
//              Exactly once it is told first (Written::stored), and the batch is written without it
//
// Errors: Fault::config for a missing topic or right, or another writer; Fault::external where not every record was
// acknowledged within `timeout`: nothing is on its way any more when write() returns.
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

class KafkaSending;
class KafkaTransactions;
struct KafkaRecords;

struct KafkaSinkOptions {
  std::string pipeline;
  SinkSpec spec;
  ConnectionSpec connection;
};

class KafkaSink final : public Sink {
 public:
  // Calls nobody: that begins with verify or open.
  static Result<std::unique_ptr<KafkaSink>> make(KafkaSinkOptions options, const Clock& clock);
  ~KafkaSink() override;

  Guarantee guarantee() const override;
  Status verify(const Schema& schema) override;
  Status open(const std::string& writer, Epoch epoch) override;
  Result<std::optional<BatchId>> landed() override;
  Status claim() override;
  std::string memory_hint() const override;
  Result<Written> write(const BatchId& id, const Batch& rows) override;

 private:
  KafkaSink(KafkaSinkOptions options, const Clock& clock);

  std::string place() const { return "sinks." + options_.spec.name + " (" + options_.spec.kafka.topic + ")"; }
  Status make_admin();
  Status make_producer();
  Result<std::shared_ptr<KafkaClient>> new_producer();
  Error without_topic_or(Error error);
  std::vector<Rejected> rejections(const KafkaSending& sending, const KafkaRecords& records, const Batch& rows,
                                   const std::vector<std::size_t>& refused) const;

  Result<Written> write_once(const BatchId& id, const Batch& rows);
  Result<Written> send_once(const BatchId& id, const KafkaRecords& records, const Batch& rows);
  Result<std::vector<std::size_t>> find_refused(KafkaSending& sending, const KafkaRecords& records);
  Error lost(const std::optional<Error>& trouble, const Error& error);

  Result<Written> write_repeatedly(const Batch& rows);
  Result<Written> send(const KafkaRecords& records, const Batch& rows);

  KafkaSinkOptions options_;
  std::unique_ptr<KafkaAdmin> admin_;  // null until the first question
  const Clock& clock_;
  std::uint64_t batch_bytes_ = 0;               // a record larger than this travels alone
  std::uint64_t batch_bytes_max_ = UINT64_MAX;  // less, once a topic refused more
  // At least once: null after a failure, for a new one knows nothing of the old one's records.
  std::shared_ptr<KafkaClient> producer_;
  std::unique_ptr<KafkaTransactions> transactions_;  // exactly once
};

}  // namespace weir
