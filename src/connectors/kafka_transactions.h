#pragma once
// Commits batches to Kafka in transactions and knows which batch is there: one transactional producer, and what Kafka
// remembers (kafka_memory.h), looked up behind it. While the producer is not fenced nobody else has committed, so what was
// looked up holds.
//
//   begin      a transaction for rows that are complete; then records go out through producer()
//   remember   who wrote the batch, into the same transaction
//   commit     an answer that is no clear yes is looked up: a producer made anew decides the open transaction first
//   settle     after a failure; the same rows are sent again
//
// A producer that failed is never used again, whether it was fenced, its transaction took too long, an answer is missing or
// a record was refused: a late request of it must not touch the next transaction, and its successor fences it.
//
// Threads: one caller at a time. Ownership: the clock outlives it. Errors: Fault::config "another writer owns this",
// missing rights, a broker that does not take the timeout; Fault::external for what is tried again.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "config/connection_spec.h"
#include "connectors/kafka_client.h"
#include "connectors/kafka_memory.h"
#include "connectors/sink.h"

struct rd_kafka_error_s;

namespace weir {

struct KafkaTransactionNames {
  std::string id;  // transactional id and group
  std::string topic;
  std::string place;  // for messages
};

class KafkaTransactions {
 public:
  using MakeProducer = std::function<Result<std::shared_ptr<KafkaClient>>()>;

  // `timeout`: of a transaction, from begin to commit.
  KafkaTransactions(KafkaTransactionNames names, ConnectionSpec connection, MakeProducer make, const Clock& clock,
                    Clock::Duration timeout);
  ~KafkaTransactions();

  void own(std::string writer, Epoch epoch);
  // A producer, and known() looked up behind it. Nothing to do where both are there.
  Status ready();
  // What Kafka has of our writer; number 0: none.
  const BatchId& known() const { return known_; }
  // True: the batch is there already. Fault::config where another stands in its place.
  Result<bool> has(const BatchId& id) const;

  KafkaClient& producer() { return *producer_; }
  Status begin();
  // Why the open transaction cannot be committed any more, where that is so.
  std::optional<Error> trouble() const;
  Status remember(const BatchId& id);
  Status commit(const BatchId& id);
  // What is on its way comes to nothing, and is reported.
  void abort();
  // After a failure, and before the records are freed: aborts what is open, and lets the producer go.
  void settle();

  // Raises the epoch in Kafka, and renews what it remembers: it forgets offsets that nobody commits for days.
  Status claim();

 private:
  Status init(KafkaClient& producer) const;
  Status look_up(Recall recall);
  Status end();
  int left_ms() const;
  Error explain(rd_kafka_error_s* error) const;  // frees it
  Error foreign(const std::string& why) const;

  KafkaTransactionNames names_;
  ConnectionSpec connection_;
  MakeProducer make_;
  const Clock& clock_;
  Clock::Duration timeout_;
  Clock::Duration deadline_{0};  // of the open transaction
  std::string writer_;
  Epoch epoch_;
  BatchId known_;
  std::shared_ptr<KafkaClient> producer_;  // null: made anew by ready()
  bool open_ = false;                      // a transaction was begun
};

}  // namespace weir
