#pragma once
// Reads topics of Kafka by partitions and offsets that are Weir's own: committed records only, exactly the planned ranges
// again after a crash, and never a silent skip.
//
// The next offset of a partition is its last record's plus one. What is known of the topics is looked up every
// `topic.metadata.refresh.interval.ms` (10 s): a partition first seen after the start begins at its earliest record; a
// topic made anew (another id), deleted, cut off at either end is a data loss: `on_data_loss: fail` stops with an error
// that names topic, partition and offsets; `continue` counts and logs it and goes on at the earliest record.
//
//   null, empty, present   three different values and keys
//   a transaction          aborted records and markers are never seen; an open one holds its partition's end back
//   retention              a gap that held markers or aborted records only looks like lost records once it is deleted,
//                          and counts as a loss
//   a damaged batch        Fault::external; after three tries Fault::config that names the offset
//   no broker              what is there already; then Fault::external, and reading goes on by itself
//
// Threads: one caller at a time. Ownership: batches keep the client alive; the clock must outlive them.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/connection_spec.h"
#include "config/source_spec.h"
#include "connectors/kafka_admin.h"
#include "connectors/kafka_partition.h"
#include "connectors/rate_budget.h"
#include "connectors/source.h"
#include "formats/pattern.h"

namespace weir {

struct KafkaSourceOptions {
  std::string name;      // of the source
  std::string pipeline;  // for the group that outside tools see
  KafkaSourceSpec spec;
  ConnectionSpec connection;
  Bytes queue_memory{std::uint64_t{64} << 20};  // the fetch queue's share of resources.memory
};

class KafkaSource final : public Source {
 public:
  // Calls nobody: that begins with verify or open. Fault::config for refused properties, incomplete credentials or a
  // pattern that is not RE2.
  static Result<std::unique_ptr<KafkaSource>> make(KafkaSourceOptions options, const Clock& clock);
  ~KafkaSource() override;

  Status verify() override;
  Status open(const std::optional<Position>& committed) override;
  Result<Fetched> fetch(const FetchLimits& limits) override;
  Result<Fetched> read(const SourceRanges& ranges) override;
  Result<Position> end() override;
  std::vector<PartitionLag> lag() override;
  void report(const Position& committed) override;
  std::optional<Schema> schema() const override { return std::nullopt; }

  // Partitions whose records were found to be lost under `on_data_loss: continue`.
  std::uint64_t data_losses() const { return data_losses_; }

 private:
  // One partition, and how much of it may be taken.
  struct Reader {
    KafkaPartition partition;
    RateBudget rate;
    Reader(KafkaPartition&&) = delete;
    Reader(std::string topic, PartitionId id, std::string topic_id, Offset next,
           std::optional<std::uint64_t> per_second)
        : partition(std::move(topic), id, std::move(topic_id), next), rate(per_second) {}
  };
  using Key = std::pair<std::string, std::int32_t>;
  using Taken = std::map<const Reader*, KafkaTaken>;

  KafkaSource(KafkaSourceOptions options, std::optional<Pattern> pattern, const Clock& clock);

  // kafka_source.cc: fetching
  Status start_all();
  bool take_round(const FetchLimits& limits, Taken& taken, std::uint64_t& records, std::uint64_t& bytes);
  bool reached(const std::optional<Position>& until);
  Clock::Duration longest_wait() const;
  Fetched gather(const Position& begins, Taken taken);
  Status read_until(const SourceRanges& ranges, Taken& taken);
  Position position() const;
  PartitionLag lag_of(const Key& key, KafkaPartition& partition) const;

  // kafka_positions.cc: topics, starts, losses
  Status make_admin();
  Result<std::vector<std::string>> topic_names(KafkaAdmin::Timeout timeout);
  Result<std::vector<KafkaTopic>> topics(KafkaAdmin::Timeout timeout);
  Result<Position> first_start(const Position& partitions);
  void add_reader(const PartitionPosition& p);
  Status check_in_range(Position& position);
  Status lost(const std::string& topic, PartitionId partition, const std::string& what);
  Status notice_changes();
  Status apply(const std::vector<KafkaTopic>& topics);
  Status topic_deleted(const std::string& topic);
  Status topic_made_anew(const KafkaTopic& topic);
  Status resolve_all();
  Status resolve(Reader& reader);
  Status resolve_offset(Reader& reader);
  Status check_connection();
  Status explain_stall(std::map<Reader*, Offset>& open);

  KafkaSourceOptions options_;
  std::unique_ptr<KafkaAdmin> admin_;  // null until the first question
  std::optional<Pattern> pattern_;
  const Clock& clock_;
  std::shared_ptr<KafkaConsumer> consumer_;
  std::map<Key, std::unique_ptr<Reader>> readers_;  // ordered by topic and partition
  RateBudget rate_;
  std::size_t turn_ = 0;  // which partition is asked first, so that small limits favour none
  bool opened_ = false;

  Clock::Duration refresh_every_{10'000'000};
  Clock::Duration refreshed_{0};
  std::map<std::string, int> missing_;  // topics not found, times in a row

  std::map<Key, Offset> ends_;  // as asked for at ends_at_
  std::optional<Clock::Duration> ends_at_;
  std::uint64_t data_losses_ = 0;
};

}  // namespace weir
