// The part of KafkaSource that decides where partitions are read: which there are, where they start, and what is done
// when offsets, partitions or whole topics are not what they were.
#include <algorithm>

#include <librdkafka/rdkafka.h>

#include "base/check.h"
#include "base/log.h"
#include "connectors/kafka_source.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds question_max{5'000};
constexpr int tries_max = 3;  // of a record batch that cannot be read

std::string number(Offset offset) { return std::to_string(offset.value); }

}  // namespace

Status KafkaSource::make_admin() {
  if (admin_ == nullptr) admin_ = TRY(KafkaAdmin::make(options_.connection, clock_));
  return {};
}

Status KafkaSource::verify() {
  TRY(make_admin());
  TRY(admin_->connect(milliseconds(6'000)));
  const auto found = TRY(topics(milliseconds(3'500)));
  for (const KafkaTopic& topic : found) {
    const std::string place = "sources." + options_.name + " (" + topic.name + ")";
    if (!topic.authorized || !topic.may_read)
      return fail(to_error(
          RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
          topic.authorized ? "Read is missing" : "Describe is missing, " + describe_connection(options_.connection),
          place));
    if (!topic.exists)
      return fail(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                           "asked through " + describe_connection(options_.connection), place));
  }
  if (found.empty())
    log::warn("no topic matches the pattern yet",
              {{"source", options_.name}, {"pattern", options_.spec.topic_pattern}});
  return {};
}

// Topics that the spec names or whose whole name matches, and those that are being read.
Result<std::vector<std::string>> KafkaSource::topic_names(KafkaAdmin::Timeout timeout) {
  std::vector<std::string> names = options_.spec.topics;
  if (pattern_)
    for (std::string& name : TRY(admin_->list(timeout)))
      if (pattern_->matches(name)) names.push_back(std::move(name));
  for (const auto& [key, reader] : readers_) names.push_back(key.first);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::vector<KafkaTopic>> KafkaSource::topics(KafkaAdmin::Timeout timeout) {
  const std::vector<std::string> names = TRY(topic_names(timeout / 2));
  return admin_->describe(names, timeout / 2);
}

Status KafkaSource::open(const std::optional<Position>& committed) {
  TRY(make_admin());
  const auto found = TRY(topics(2 * question_max));
  std::map<Key, PartitionPosition> old;
  for (const PartitionPosition& p : committed.value_or(Position()))
    if (pattern_ ? pattern_->matches(p.topic)
                 : std::count(options_.spec.topics.begin(), options_.spec.topics.end(), p.topic) > 0)
      old[{p.topic, p.partition.value}] = p;
  Position known;
  Position fresh;
  for (const KafkaTopic& topic : found) {
    if (!topic.authorized)
      return fail(to_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "",
                           "sources." + options_.name + " (" + topic.name + ")"));
    const bool was_read =
        std::any_of(old.begin(), old.end(), [&](const auto& p) { return p.first.first == topic.name; });
    if (!topic.exists && !was_read && !pattern_)
      return fail(
          to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", "sources." + options_.name + " (" + topic.name + ")"));
    for (const PartitionId id : topic.partitions) {
      const auto it = old.find({topic.name, id.value});
      const bool same =
          it != old.end() && (it->second.topic_id.empty() || topic.id.empty() || it->second.topic_id == topic.id);
      if (same) known.push_back({topic.name, id, it->second.next, topic.id});
      if (!same) fresh.push_back({topic.name, id, Offset(0), topic.id});
      if (it != old.end() && !same)
        TRY(lost(topic.name, id,
                 "the topic was deleted and made anew; records from offset " + number(it->second.next) +
                     " of the old one were not read"));
      if (it != old.end()) old.erase(it);
    }
  }
  for (const auto& [key, p] : old)
    TRY(lost(p.topic, p.partition,
             "the topic or partition was deleted; records from offset " + number(p.next) + " were not read"));
  // What a checkpoint does not know was made while we were away: from its earliest record on, whatever `start` says.
  fresh = committed ? TRY(admin_->offsets(OffsetKind::earliest, fresh, question_max)) : TRY(first_start(fresh));
  known.insert(known.end(), fresh.begin(), fresh.end());
  TRY(check_in_range(known));
  readers_.clear();
  consumer_.reset();
  for (const PartitionPosition& p : known) add_reader(p);
  refreshed_ = clock_.running();
  opened_ = true;
  return {};
}

void KafkaSource::add_reader(const PartitionPosition& p) {
  readers_[{p.topic, p.partition.value}] =
      std::make_unique<Reader>(p.topic, p.partition, p.topic_id, p.next, options_.spec.rate.per_partition);
}

Result<Position> KafkaSource::first_start(const Position& partitions) {
  const StartSpec& start = options_.spec.start;
  switch (start.kind) {
    case StartSpec::Kind::latest: return admin_->offsets(OffsetKind::latest_committed, partitions, question_max);
    case StartSpec::Kind::timestamp: return admin_->offsets_at(start.timestamp, partitions, question_max);
    case StartSpec::Kind::earliest:
    case StartSpec::Kind::offsets: break;
  }
  Position position = TRY(admin_->offsets(OffsetKind::earliest, partitions, question_max));
  if (start.kind == StartSpec::Kind::earliest) return position;
  for (const auto& [topic, offsets] : start.offsets)
    for (const auto& [partition, offset] : offsets) {
      const auto it =
          std::find_if(position.begin(), position.end(), [&, t = topic, id = partition](const PartitionPosition& p) {
            return p.topic == t && p.partition.value == id;
          });
      if (it == position.end() || offset < 0)
        return fail(Fault::config, "`start` names a partition that does not exist or an offset below 0",
                    "sources." + options_.name + ": start." + topic + "." + std::to_string(partition));
      it->next = Offset(offset);
    }
  return position;
}

// Moves what is out of range to the earliest record, where data loss is allowed.
Status KafkaSource::check_in_range(Position& position) {
  const Position earliest = TRY(admin_->offsets(OffsetKind::earliest, position, question_max));
  const Position latest = TRY(admin_->offsets(OffsetKind::latest, position, question_max));
  for (std::size_t i = 0; i < position.size(); ++i) {
    PartitionPosition& p = position[i];
    if (p.next < earliest[i].next) {
      TRY(lost(
          p.topic, p.partition,
          "offsets " + number(p.next) + " to " + std::to_string(earliest[i].next.value - 1) +
              " were deleted (by retention, or by hand) before they were read; whether they held records or marks of "
              "transactions only, Kafka does not say"));
      p.next = earliest[i].next;
    } else if (p.next > latest[i].next) {
      TRY(lost(p.topic, p.partition,
               "the next offset is " + number(p.next) + ", but the partition ends at " + number(latest[i].next) +
                   ": it was cut off, or the topic was made anew"));
      p.next = earliest[i].next;
    }
  }
  return {};
}

// The one place where a loss is told: an error, or counted and logged.
Status KafkaSource::lost(const std::string& topic, PartitionId partition, const std::string& what) {
  const std::string place = topic + "/" + std::to_string(partition.value);
  if (options_.spec.on_data_loss == OnDataLoss::fail)
    return fail(Fault::config,
                "records are lost: " + what +
                    ". Keep records longer than the pipeline may stand still (retention.ms of the topic), "
                    "and say `on_data_loss: continue` on source " +
                    options_.name + " to go on at the earliest record",
                place);
  ++data_losses_;
  log::warn("records are lost, going on at the earliest",
            {{"source", options_.name}, {"place", place}, {"what", what}});
  return {};
}

// Looks for new topics and partitions, and for topics that are not the ones they were, without waiting for the answer.
Status KafkaSource::notice_changes() {
  if (admin_->describe_asked()) {
    const auto answer = admin_->described();
    if (!answer) return {};
    if (*answer) return apply(**answer);
    log::debug("topics could not be looked up", {{"source", options_.name}, {"reason", answer->error().text()}});
    return {};
  }
  if (clock_.running() - refreshed_ < refresh_every_) return {};
  refreshed_ = clock_.running();
  if (consumer_ != nullptr && consumer_->client().complaint()) return {};  // the cluster is away: later
  if (const auto names = topic_names(milliseconds(1'000)); names && !names->empty())
    admin_->ask_describe(*names, question_max);
  return {};
}

Status KafkaSource::apply(const std::vector<KafkaTopic>& topics) {
  Position added;
  for (const KafkaTopic& topic : topics) {
    const bool read =
        std::any_of(readers_.begin(), readers_.end(), [&](const auto& r) { return r.first.first == topic.name; });
    if (!topic.authorized) {
      if (read) return fail(to_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "", topic.name));
      continue;
    }
    if (!topic.exists) {
      // A broker that has just come up may not know yet: it must be missing twice, a second apart.
      constexpr Clock::Duration soon{1'000'000};
      if (read && ++missing_[topic.name] < 2) refreshed_ = clock_.running() - refresh_every_ + soon;
      if (read && missing_[topic.name] >= 2) TRY(topic_deleted(topic.name));
      continue;
    }
    missing_.erase(topic.name);
    TRY(topic_made_anew(topic));
    for (const PartitionId id : topic.partitions)
      if (!readers_.contains({topic.name, id.value})) added.push_back({topic.name, id, Offset(0), topic.id});
  }
  if (added.empty()) return {};
  for (const PartitionPosition& p : TRY(admin_->offsets(OffsetKind::earliest, added, question_max))) {
    add_reader(p);
    log::info("a new partition is read from its earliest record", {{"source", options_.name},
                                                                   {"topic", p.topic},
                                                                   {"partition", std::to_string(p.partition.value)},
                                                                   {"offset", number(p.next)}});
  }
  // The queues' shares were cut for fewer partitions: cut them anew. What they held is fetched again.
  if (consumer_ != nullptr && readers_.size() > 2 * std::max<std::size_t>(consumer_->sized_for(), 1)) {
    for (auto& [key, reader] : readers_) reader->partition.stop();
    consumer_.reset();
  }
  return {};
}

Status KafkaSource::topic_deleted(const std::string& topic) {
  for (auto it = readers_.begin(); it != readers_.end();) {
    if (it->first.first != topic) {
      ++it;
      continue;
    }
    const KafkaPartition& p = it->second->partition;
    TRY(lost(topic, p.partition(),
             "the topic was deleted; records from offset " + number(p.next()) + " on were not read"));
    it = readers_.erase(it);
  }
  missing_.erase(topic);
  return {};
}

Status KafkaSource::topic_made_anew(const KafkaTopic& topic) {
  for (auto it = readers_.begin(); it != readers_.end();) {
    KafkaPartition& p = it->second->partition;
    if (p.topic() != topic.name || p.topic_id() == topic.id || topic.id.empty() || p.topic_id().empty()) {
      if (p.topic() == topic.name && p.topic_id().empty()) p.set_topic_id(topic.id);
      ++it;
      continue;
    }
    TRY(lost(topic.name, p.partition(),
             "the topic was deleted and made anew; records from offset " + number(p.next()) +
                 " of the old one were not read"));
    it = readers_.erase(it);  // it comes back as a new partition, from its earliest record
  }
  return {};
}

Status KafkaSource::resolve_all() {
  for (auto& [key, reader] : readers_)
    if (reader->partition.trouble()) TRY(resolve(*reader));
  return start_all();
}

// Decides what an error that ended a partition's stream means, and starts it again at our own offset where it can go on.
Status KafkaSource::resolve(Reader& reader) {
  KafkaPartition& p = reader.partition;
  const KafkaTrouble trouble = *p.trouble();
  switch (trouble.code) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return resolve_offset(reader);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID: {
      // Deleted, or a broker that does not know it yet: the look-up of the topics decides.
      p.move_to(p.next());
      refreshed_ = clock_.running() - refresh_every_;
      return fail(Fault::external, "the broker does not know this partition (any more); looking it up: " + trouble.text,
                  p.place());
    }
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG: {
      const int failures = p.failures + 1;
      p.move_to(p.next());
      p.failures = failures;
      const std::string what =
          "the record batch behind offset " + number(p.next()) + " cannot be read: " + trouble.text;
      if (failures < tries_max) return fail(Fault::external, what, p.place());
      return fail(Fault::config,
                  what +
                      ". It is damaged, or larger than receive.message.max.bytes once decompressed; set the source's "
                      "offset behind it to go on",
                  p.place());
    }
    default: {
      p.move_to(p.next());
      return fail(to_error(trouble.code, trouble.text, p.place()));
    }
  }
}

// librdkafka says that our offset is not there. What is true is asked of the broker anew.
Status KafkaSource::resolve_offset(Reader& reader) {
  KafkaPartition& p = reader.partition;
  const auto topic = TRY(admin_->describe({p.topic()}, question_max)).at(0);
  const bool anew = topic.exists && !topic.id.empty() && !p.topic_id().empty() && topic.id != p.topic_id();
  Position position = {{p.topic(), p.partition(), p.next(), topic.id}};
  if (anew) {
    TRY(lost(p.topic(), p.partition(),
             "the topic was deleted and made anew; records from offset " + number(p.next()) +
                 " of the old one were not read"));
    position = TRY(admin_->offsets(OffsetKind::earliest, position, question_max));
    p.set_topic_id(topic.id);
  } else {
    TRY(check_in_range(position));
  }
  p.move_to(position[0].next);
  if (consumer_ != nullptr) TRY(p.start(consumer_));
  return {};
}

// Nothing came, and librdkafka complained: is the cluster there, and does it take our credentials?
Status KafkaSource::check_connection() {
  if (!consumer_->client().complaint()) return {};
  TRY(admin_->connect(milliseconds(1'000)));
  consumer_->client().clear_complaint();
  return {};
}

// A replay that stands still: the partition may end before the planned range, or is held back by an open transaction.
Status KafkaSource::explain_stall(std::map<Reader*, Offset>& open) {
  TRY(admin_->connect(milliseconds(2'000)));
  for (auto it = open.begin(); it != open.end();) {
    const KafkaPartition& p = it->first->partition;
    const Position here = {{p.topic(), p.partition(), p.next(), p.topic_id()}};
    const Offset latest = TRY(admin_->offsets(OffsetKind::latest, here, question_max)).at(0).next;
    if (latest >= it->second) {
      ++it;
      continue;
    }
    TRY(lost(p.topic(), p.partition(),
             "the batch that was planned reaches offset " + std::to_string(it->second.value - 1) +
                 ", but the partition ends at " + number(latest)));
    it = open.erase(it);
  }
  if (open.empty()) return {};
  const KafkaPartition& p = open.begin()->first->partition;
  return fail(Fault::external,
              "the planned records up to offset " + std::to_string(open.begin()->second.value - 1) +
                  " do not come (next is " + number(p.next()) + "): a slow broker, or a transaction that is still open",
              p.place());
}

}  // namespace weir
