#pragma once
// Reads one partition of one topic from a given offset on. The next offset is always the last record's plus one, never
// librdkafka's position. An error ends the stream: nothing behind it is given until the partition is started again at our
// own offset, so no error can skip records in silence.
//
// Records are copied out of librdkafka's messages as they are taken: a message costs several times its bytes beside them,
// and keeps the whole answer that it came in.
//
// Threads: one caller at a time. Ownership: what is taken points into memory of the taker; messages are ours.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "connectors/kafka_consumer.h"
#include "data/record.h"

struct rd_kafka_message_s;  // NOLINT(readability-identifier-naming): librdkafka's

namespace weir {

struct KafkaTrouble {
  int code = 0;  // rd_kafka_resp_err_t
  std::string text;
};

// Bytes that stay where they are until all go together.
class KafkaPages {
 public:
  const char* keep(const void* data, std::size_t size);

 private:
  std::vector<std::unique_ptr<char[]>> pages_;
  std::size_t left_ = 0;  // of the last page
  char* next_ = nullptr;
};

// What one fetch took of one partition.
struct KafkaTaken {
  std::vector<Record> records;  // `stream` is not set; headers_begin counts in `headers`
  std::vector<Header> headers;
  std::uint64_t bytes = 0;
  KafkaPages pages;  // what the views above look at
};

class KafkaPartition {
 public:
  KafkaPartition(std::string topic, PartitionId partition, std::string topic_id, Offset next);
  ~KafkaPartition();
  KafkaPartition(const KafkaPartition&) = delete;
  KafkaPartition& operator=(const KafkaPartition&) = delete;

  const std::string& topic() const { return topic_; }
  PartitionId partition() const { return partition_; }
  const std::string& topic_id() const { return topic_id_; }
  void set_topic_id(std::string id) { topic_id_ = std::move(id); }
  Offset next() const { return next_; }
  std::string place() const { return topic_ + "/" + std::to_string(partition_.value); }

  // Begins to read at next(), if it does not read yet.
  Status start(const std::shared_ptr<KafkaConsumer>& consumer);
  // Drops what is held back; a start reads it again.
  void stop();
  bool started() const { return queue_ != nullptr; }
  // Stops, and goes on at `next` when started again.
  void move_to(Offset next);
  // Goes over a range that is known to hold nothing more, without stopping: next() becomes `next` if that is higher.
  void pass_to(Offset next);

  struct Quota {
    std::size_t records = 0;
    std::uint64_t bytes = 0;
    bool one_of_any_size = false;  // so that a record larger than all limits still gets through
    std::optional<Offset> end;     // nothing at or past it
  };
  // Takes what is there, within the quota. Returns how many records.
  std::size_t take(Quota quota, KafkaTaken& taken);
  // Whether all records below `end` were taken: a record at or past it is there, or the partition's end was told there.
  bool reached(Offset end);
  // The timestamp of the oldest record that was not taken, if it is here already.
  std::optional<Micros> oldest();
  // The end of the partition, as it was told when all before it had been given.
  std::optional<Offset> told_end() const { return told_end_; }
  bool holds_records() const { return held_begin_ < held_.size(); }
  const std::optional<KafkaTrouble>& trouble() const { return trouble_; }

  int failures = 0;  // times in a row that the record at next() could not be read

 private:
  bool pull(std::size_t count);
  void drop_held();

  std::string topic_;
  PartitionId partition_;
  std::string topic_id_;
  Offset next_;    // behind the last record taken
  Offset pulled_;  // behind the last record pulled out of the queue

  std::shared_ptr<KafkaConsumer> consumer_;
  rd_kafka_queue_s* queue_ = nullptr;
  std::vector<rd_kafka_message_s*> held_;  // pulled, not taken: from held_begin_ on
  std::size_t held_begin_ = 0;
  std::optional<Offset> told_end_;
  std::optional<KafkaTrouble> trouble_;
};

}  // namespace weir
