#include "connectors/kafka_partition.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <librdkafka/rdkafka.h>

#include "base/log.h"

namespace weir {
namespace {

constexpr std::size_t pull_max = 4096;
constexpr std::size_t page_size = 256 << 10;

Micros timestamp_of(const rd_kafka_message_t* message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t ms = rd_kafka_message_timestamp(message, &type);
  return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0 ? no_timestamp : Micros(ms * 1000);
}

void append_headers(const rd_kafka_message_t* message, Record& record, KafkaTaken& taken) {
  rd_kafka_headers_t* list = nullptr;
  record.headers_begin = static_cast<std::uint32_t>(taken.headers.size());
  if (rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    const std::size_t name_size = std::strlen(name);
    Header header{{taken.pages.keep(name, name_size), name_size}, std::nullopt};
    if (value != nullptr) header.value = std::string_view(taken.pages.keep(value, size), size);
    taken.headers.push_back(header);
  }
  record.headers_count = static_cast<std::uint32_t>(taken.headers.size()) - record.headers_begin;
}

}  // namespace

// Null and empty are different: an empty text keeps a pointer.
const char* KafkaPages::keep(const void* data, std::size_t size) {
  if (data == nullptr) return nullptr;
  if (size == 0) return "";
  if (size > left_) {
    left_ = std::max(size, page_size);
    pages_.emplace_back(new char[left_]);  // NOLINT(modernize-make-unique): that would zero it
    next_ = pages_.back().get();
  }
  char* const at = std::exchange(next_, next_ + size);
  left_ -= size;
  std::memcpy(at, data, size);
  return at;
}

KafkaPartition::KafkaPartition(std::string topic, PartitionId partition, std::string topic_id, Offset next)
    : topic_(std::move(topic)), partition_(partition), topic_id_(std::move(topic_id)), next_(next), pulled_(next) {}

KafkaPartition::~KafkaPartition() { stop(); }

Status KafkaPartition::start(const std::shared_ptr<KafkaConsumer>& consumer) {
  if (started()) return {};
  rd_kafka_topic_t* topic = TRY(consumer->topic(topic_));
  // A fresh queue: whatever was on its way for an earlier start never arrives in it.
  queue_ = consumer->make_queue();
  consumer_ = consumer;
  pulled_ = next_;
  told_end_.reset();
  trouble_.reset();
  if (rd_kafka_consume_start_queue(topic, partition_.value, next_.value, queue_) == 0) return {};
  const Error error = to_error(rd_kafka_last_error(), "", place());
  rd_kafka_queue_destroy(std::exchange(queue_, nullptr));
  consumer_.reset();
  return fail(error);
}

void KafkaPartition::stop() {
  if (!started()) return;
  if (const auto topic = consumer_->topic(topic_)) rd_kafka_consume_stop(*topic, partition_.value);
  drop_held();
  rd_kafka_queue_destroy(std::exchange(queue_, nullptr));
  consumer_.reset();
}

void KafkaPartition::move_to(Offset next) {
  stop();
  next_ = pulled_ = next;
  told_end_.reset();
  trouble_.reset();
}

void KafkaPartition::pass_to(Offset next) { next_ = std::max(next_, next); }

void KafkaPartition::drop_held() {
  for (std::size_t i = held_begin_; i < held_.size(); ++i) rd_kafka_message_destroy(held_[i]);
  held_.clear();
  held_begin_ = 0;
}

// Refills `held_` when it is empty. False: nothing is there.
bool KafkaPartition::pull(std::size_t count) {
  if (holds_records()) return true;
  held_begin_ = 0;
  held_.clear();
  if (!started() || trouble_) return false;
  held_.resize(std::min(count, pull_max));
  const ssize_t got = rd_kafka_consume_batch_queue(queue_, 0, held_.data(), held_.size());
  held_.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  std::size_t kept = 0;
  for (rd_kafka_message_t* message : held_) {
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && !trouble_ && message->offset >= pulled_.value) {
      pulled_ = Offset(message->offset + 1);
      held_[kept++] = message;
      continue;
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && !trouble_) {
      told_end_ = Offset(message->offset);
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !trouble_) {
      trouble_ = KafkaTrouble{message->err, rd_kafka_message_errstr(message)};
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && !trouble_) {
      log::warn("kafka gave a record twice, the second is dropped", {{"place", place()},
                                                                     {"offset", std::to_string(message->offset)},
                                                                     {"expected", std::to_string(pulled_.value)}});
    }
    rd_kafka_message_destroy(message);
  }
  held_.resize(kept);
  return kept > 0;
}

std::size_t KafkaPartition::take(Quota quota, KafkaTaken& taken) {
  std::size_t count = 0;
  while (count < quota.records && pull(quota.records - count)) {
    rd_kafka_message_t* message = held_[held_begin_];
    if (quota.end && message->offset >= quota.end->value) break;
    const std::uint64_t size = message->len + message->key_len;
    if (size > quota.bytes && !quota.one_of_any_size) break;
    quota.bytes -= std::min(size, quota.bytes);
    quota.one_of_any_size = false;
    ++held_begin_;
    ++count;
    Record record;
    record.value = taken.pages.keep(message->payload, message->len);
    record.value_size = static_cast<std::uint32_t>(message->len);
    record.key = taken.pages.keep(message->key, message->key_len);
    record.key_size = static_cast<std::uint32_t>(message->key_len);
    record.offset = Offset(message->offset);
    record.timestamp = timestamp_of(message);
    append_headers(message, record, taken);
    taken.records.push_back(record);
    taken.bytes += size;
    next_ = Offset(message->offset + 1);
    rd_kafka_message_destroy(message);
    failures = 0;
  }
  return count;
}

bool KafkaPartition::reached(Offset end) {
  if (next_ >= end) return true;
  if (pull(1)) return held_[held_begin_]->offset >= end.value;
  return told_end_ && *told_end_ >= end;
}

std::optional<Micros> KafkaPartition::oldest() {
  if (!pull(pull_max)) return std::nullopt;
  const Micros time = timestamp_of(held_[held_begin_]);
  return time == no_timestamp ? std::nullopt : std::optional(time);
}

}  // namespace weir
