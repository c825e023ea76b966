#pragma once
// Asks a Kafka cluster about itself: which topics and partitions there are, where they begin and end, whether we may
// use them; and writes a group's offsets for outside lag tools. It has a client of its own, so that its questions never wait
// behind a long fetch.
//
// Threads: one caller at a time. Errors: Fault::config for what waiting does not cure (credentials, rights, TLS),
// Fault::external where no broker answers in time; both name the connection.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/types.h"
#include "config/connection_spec.h"
#include "connectors/kafka_client.h"
#include "data/ranges.h"

struct rd_kafka_queue_s;

namespace weir {

struct KafkaTopic {
  std::string name;
  std::string id;  // Kafka's UUID, base64; empty from a broker that has none
  std::vector<PartitionId> partitions;
  bool exists = false;
  bool authorized = true;  // to describe it
  bool may_read = true;
  bool may_write = true;
};

enum class OffsetKind { earliest, latest_committed, latest };  // latest_committed: the last stable offset

class KafkaAdmin {
 public:
  using Timeout = std::chrono::milliseconds;

  static Result<std::unique_ptr<KafkaAdmin>> make(const ConnectionSpec& connection, const Clock& clock);
  ~KafkaAdmin();
  KafkaAdmin(const KafkaAdmin&) = delete;
  KafkaAdmin& operator=(const KafkaAdmin&) = delete;

  // Connects and logs in. Refused credentials and TLS failures are told within about a second.
  Status connect(Timeout timeout);
  // One entry for each name, in the same order; what does not exist says so.
  Result<std::vector<KafkaTopic>> describe(const std::vector<std::string>& names, Timeout timeout);
  // The same without waiting: ask once, take the answer when it is there.
  void ask_describe(const std::vector<std::string>& names, Timeout timeout);
  bool describe_asked() const { return asked_; }
  std::optional<Result<std::vector<KafkaTopic>>> described(Timeout wait = Timeout(0));
  // Names of all topics that this user may see, Kafka's own left out.
  Result<std::vector<std::string>> list(Timeout timeout);

  // `next` of each entry of `partitions` becomes the offset asked for.
  Result<Position> offsets(OffsetKind kind, const Position& partitions, Timeout timeout);
  // The first record at or after `time`; the end of the partition where there is none.
  Result<Position> offsets_at(Micros time, const Position& partitions, Timeout timeout);

  // A setting of a topic; nullopt where this user may not ask (DescribeConfigs) or nobody answers.
  std::optional<std::string> topic_setting(const std::string& topic, const std::string& name, Timeout timeout);

  // Best effort, does not wait; trouble is logged once. The destructor waits up to 3 s for the last ones.
  void commit(const std::string& group, const Position& position);

 private:
  KafkaAdmin(std::shared_ptr<KafkaClient> client, std::string label, const Clock& clock);
  Result<Position> list_offsets(const Position& partitions, std::int64_t what, bool committed, Timeout timeout);
  Status ready(Timeout timeout);
  Error no_answer(const std::string& question, int code, const std::string& text) const;
  void send_commit();
  void take_commit_answers(Timeout wait);

  std::shared_ptr<KafkaClient> client_;
  const Clock& clock_;
  std::string label_;  // of the connection, for messages
  rd_kafka_queue_s* describe_queue_;
  rd_kafka_queue_s* commit_queue_;
  std::vector<std::string> asked_names_;
  bool asked_ = false;
  bool commit_refused_ = false;
  bool commit_open_ = false;
  std::string commit_group_;
  Position to_commit_;  // not sent yet; empty: nothing
};

}  // namespace weir
