#include "connectors/kafka_sink.h"

#include <algorithm>
#include <charconv>

#include <librdkafka/rdkafka.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "connectors/kafka_memory.h"
#include "connectors/kafka_records.h"
#include "connectors/kafka_sending.h"
#include "connectors/kafka_transactions.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t batch_bytes_usual = 1'000'000;  // of librdkafka, and what a topic takes by default
constexpr const char* late_text = "Kafka did not acknowledge all records in time";
constexpr seconds commit_margin{10};  // a transaction lives longer than what we wait for its parts

std::uint64_t number_or(const std::optional<std::string>& text, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  if (!text) return otherwise;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc() ? number : otherwise;
}

// A batch of records with such an error holds one that the topic does not take; the others of it are innocent.
bool is_row_error(int code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
         code == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD;
}

// What befalls the other records of a transaction that is lost.
bool is_collateral(int code) {
  return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
         code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD;
}

std::vector<std::size_t> all_rows(const KafkaRecords& records) {
  std::vector<std::size_t> all(records.size);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

}  // namespace

Result<std::unique_ptr<KafkaSink>> KafkaSink::make(KafkaSinkOptions options, const Clock& clock) {
  TRY(KafkaClient::check(options.connection));
  return std::unique_ptr<KafkaSink>(new KafkaSink(std::move(options), clock));
}

KafkaSink::KafkaSink(KafkaSinkOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {
  if (guarantee() == Guarantee::at_least_once) return;
  transactions_ = std::make_unique<KafkaTransactions>(
      KafkaTransactionNames{kafka_sink_id(options_.pipeline, options_.spec.name), options_.spec.kafka.topic, place()},
      options_.connection, [this] { return new_producer(); }, clock_, options_.spec.timeout);
}

KafkaSink::~KafkaSink() = default;

Guarantee KafkaSink::guarantee() const {
  return options_.spec.kafka.guarantee == KafkaGuarantee::exactly_once ? Guarantee::exactly_once
                                                                       : Guarantee::at_least_once;
}

Status KafkaSink::make_admin() {
  if (admin_ == nullptr) admin_ = TRY(KafkaAdmin::make(options_.connection, clock_));
  return {};
}

Status KafkaSink::verify(const Schema& schema) {
  const KafkaSinkSpec& spec = options_.spec.kafka;
  const auto check = [&](const std::string& column, const std::string& option) -> Status {
    if (schema.visible().find(column)) return {};
    return fail(
        Fault::config,
        option + " names a column that is not there: " + column + " (there are: " + to_string(schema.visible()) + ")",
        place());
  };
  if (!spec.key.empty()) TRY(check(spec.key, "key"));
  for (const auto& [name, column] : spec.headers) TRY(check(column, "headers." + name));
  TRY(make_admin());
  TRY(admin_->connect(milliseconds(6'000)));
  const KafkaTopic topic = TRY(admin_->describe({spec.topic}, milliseconds(3'000))).at(0);
  if (!topic.authorized || (topic.exists && !topic.may_write))
    return fail(to_error(
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        (topic.authorized ? "Write is missing, " : "Describe is missing, ") + describe_connection(options_.connection),
        place()));
  if (topic.exists && transactions_ != nullptr && !topic.may_read)
    return fail(to_error(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                         "Read is missing, exactly once needs it to commit an offset; grant it or write `guarantee: "
                         "at_least_once`, " +
                             describe_connection(options_.connection),
                         place()));
  if (!topic.exists)
    return fail(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                         "asked through " + describe_connection(options_.connection), place()));
  return {};
}

Status KafkaSink::open(const std::string& writer, Epoch epoch) {
  if (transactions_ == nullptr) return make_producer();
  transactions_->own(writer, epoch);
  return transactions_->ready();
}

Result<std::optional<BatchId>> KafkaSink::landed() {
  if (transactions_ == nullptr) return std::optional<BatchId>();  // Kafka does not say
  TRY(transactions_->ready());
  const BatchId& known = transactions_->known();
  return known.number.value > 0 ? std::optional(known) : std::nullopt;
}

Status KafkaSink::claim() { return transactions_ == nullptr ? Status() : transactions_->claim(); }

std::string KafkaSink::memory_hint() const {
  return "Kafka keeps it beside an offset of group " + kafka_sink_id(options_.pipeline, options_.spec.name) +
         ", which goes with its topic, and when the pipeline is down for longer than the broker's "
         "offsets.retention.minutes";
}

Status KafkaSink::make_producer() {
  if (producer_ == nullptr) producer_ = TRY(new_producer());
  return {};
}

Result<std::shared_ptr<KafkaClient>> KafkaSink::new_producer() {
  TRY(make_admin());
  // Batches stay below what the topic takes, so that one large record does not have its neighbours refused.
  const auto limit = admin_->topic_setting(options_.spec.kafka.topic, "max.message.bytes", milliseconds(3'000));
  const auto& properties = options_.connection.properties;
  const auto given = properties.find("batch.size");
  const auto wanted = std::max<std::uint64_t>(
      given == properties.end() ? batch_bytes_usual : number_or(given->second, batch_bytes_usual), 1'000);
  batch_bytes_ = std::clamp<std::uint64_t>(number_or(limit, wanted), 1'000, wanted);
  batch_bytes_ = std::min(batch_bytes_, batch_bytes_max_);
  const auto timeout = std::max(std::chrono::duration_cast<milliseconds>(options_.spec.timeout), milliseconds(1'000));
  const KafkaSettings defaults = {
      {"batch.num.messages", "100000"},
      {"message.max.bytes", "100000000"},  // the broker says what is too large, not the client
      {"queue.buffering.max.messages", "1000000"},
      {"queue.buffering.max.kbytes", "262144"},
      {"linger.ms", "5"},
  };
  KafkaSettings fixed = {
      {"batch.size", std::to_string(batch_bytes_)},
      {"enable.idempotence", "true"},
      {"partitioner", "murmur2_random"},
      {"compression.codec", options_.spec.kafka.compression},
      {"message.timeout.ms", std::to_string(timeout.count())},
  };
  if (transactions_ != nullptr) {
    fixed.emplace_back("transactional.id", kafka_sink_id(options_.pipeline, options_.spec.name));
    fixed.emplace_back("transaction.timeout.ms", std::to_string((timeout + milliseconds(commit_margin)).count()));
  }
  return KafkaClient::make(options_.connection, KafkaRole::producer, defaults, fixed, clock_);
}

// librdkafka waits long for a topic that is not there.
Error KafkaSink::without_topic_or(Error error) {
  if (error.fault != Fault::external) return error;
  const auto topic = admin_->describe({options_.spec.kafka.topic}, milliseconds(2'000));
  if (topic && topic->at(0).authorized && !topic->at(0).exists)
    return to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", place());
  return error;
}

Result<Written> KafkaSink::write(const BatchId& id, const Batch& rows) {
  return transactions_ == nullptr ? write_repeatedly(rows) : write_once(id, rows);
}

Result<Written> KafkaSink::write_once(const BatchId& id, const Batch& rows) {
  TRY(transactions_->ready());
  if (TRY(transactions_->has(id))) return Written{.rows = rows.rows(), .repeated = true};
  const KafkaRecords records = TRY(to_kafka_records(rows, options_.spec.kafka, place()));
  CRASH_POINT("kafka_sink.before_send");
  auto written = send_once(id, records, rows);
  if (!written || !written->stored) transactions_->settle();  // nothing is on its way when the records are freed
  if (!written) return fail(without_topic_or(written.error()));
  CRASH_POINT("kafka_sink.after_commit");
  return written;
}

Result<Written> KafkaSink::send_once(const BatchId& id, const KafkaRecords& records, const Batch& rows) {
  const Clock::Duration deadline = clock_.running() + options_.spec.timeout;
  TRY(transactions_->begin());
  CRASH_POINT("kafka_sink.begun");
  {
    KafkaSending sending(transactions_->producer(), options_.spec.kafka.topic, records, clock_, deadline);
    sending.in_transaction([this] { return transactions_->trouble().has_value(); });
    if (!sending.send(all_rows(records))) {
      const auto refused = TRY(find_refused(sending, records));
      return Written{.rejected = rejections(sending, records, rows, refused), .stored = false};
    }
  }
  CRASH_POINT("kafka_sink.after_flush");
  TRY(transactions_->remember(id));
  CRASH_POINT("kafka_sink.offsets_sent");
  TRY(transactions_->commit(id));
  return Written{.rows = records.size, .bytes = records.bytes()};
}

// After a transaction that is lost: the rows that the topic does not take, or why else it failed.
Result<std::vector<std::size_t>> KafkaSink::find_refused(KafkaSending& sending, const KafkaRecords& records) {
  const auto trouble = transactions_->trouble();
  transactions_->abort();  // reports what became of all
  std::vector<std::size_t> guilty;
  bool too_large_together = false;
  for (const std::size_t row : sending.take_failed()) {
    const int code = sending.code(row);
    if (is_collateral(code)) continue;
    if (!is_row_error(code)) return fail(lost(trouble, to_error(code, "", place())));
    // The broker names records that are not valid; a size is that of the request, so only alone it is a record's.
    if (code == RD_KAFKA_RESP_ERR_INVALID_RECORD || records.bytes_of(row) > batch_bytes_) {
      guilty.push_back(row);
    } else {
      too_large_together = true;
    }
  }
  if (!guilty.empty()) return guilty;  // without them the others are sent again
  if (!too_large_together) return fail(lost(trouble, {Fault::external, Retry::with_backoff, late_text, place()}));
  batch_bytes_max_ = std::max<std::uint64_t>(batch_bytes_ / 2, 1);
  return fail(Fault::external, "the topic takes smaller requests than it says, trying smaller ones", place());
}

Error KafkaSink::lost(const std::optional<Error>& trouble, const Error& error) {
  if (trouble) return *trouble;
  return error.fault == Fault::external ? transactions_->producer().complaint_or(error) : error;
}

Result<Written> KafkaSink::write_repeatedly(const Batch& rows) {
  TRY(make_producer());
  const KafkaRecords records = TRY(to_kafka_records(rows, options_.spec.kafka, place()));
  CRASH_POINT("kafka_sink.before_send");
  auto written = send(records, rows);
  if (!written) {
    written = fail(without_topic_or(written.error()));
    // Nothing may be on its way when the records are freed, nor arrive behind a repeat: the producer goes, and its
    // threads with it.
    producer_.reset();
  }
  CRASH_POINT("kafka_sink.after_flush");
  return written;
}

Result<Written> KafkaSink::send(const KafkaRecords& records, const Batch& rows) {
  producer_->clear_complaint();
  const Clock::Duration deadline = clock_.running() + options_.spec.timeout + seconds(5);
  const auto late = [&] {
    rd_kafka_purge(producer_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer_->get(), 1'000);
    return fail(producer_->complaint_or(Error{Fault::external, Retry::with_backoff, late_text, place()}));
  };
  KafkaSending sending(*producer_, options_.spec.kafka.topic, records, clock_, deadline);
  if (!sending.send(all_rows(records))) return late();
  std::vector<std::size_t> refused;
  for (const std::size_t row : sending.take_failed()) {
    const int code = sending.code(row);
    if (!is_row_error(code)) {
      const Error error = to_error(code, "", place());
      return fail(error.fault == Fault::external ? producer_->complaint_or(error) : error);
    }
    // Whose fault was it? Alone in its request, the answer is about this row.
    if (records.bytes_of(row) <= batch_bytes_ || code != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      if (!sending.send({row})) return late();
      if (sending.take_failed().empty()) continue;
      if (!is_row_error(sending.code(row))) return fail(to_error(sending.code(row), "", place()));
    }
    refused.push_back(row);
  }
  return Written{.rows = records.size - refused.size(),
                 .bytes = records.bytes(),
                 .rejected = rejections(sending, records, rows, refused)};
}

std::vector<Rejected> KafkaSink::rejections(const KafkaSending& sending, const KafkaRecords& records, const Batch& rows,
                                            const std::vector<std::size_t>& refused) const {
  std::vector<Rejected> rejected;
  if (refused.empty()) return rejected;
  const bool has_src = rows.schema().find(src_column).has_value();
  const std::vector<std::uint64_t> src = has_src ? rows.src() : std::vector<std::uint64_t>();
  for (const std::size_t row : refused) {
    const bool size = sending.code(row) != RD_KAFKA_RESP_ERR_INVALID_RECORD;
    rejected.push_back(Rejected{
        .src = has_src ? src[row] : row,
        .code = Code::sink_rejected,
        .message =
            size ? "the record has " + std::to_string(records.bytes_of(row)) +
                       " bytes, more than max.message.bytes of topic " + options_.spec.kafka.topic
                 : "topic " + options_.spec.kafka.topic + " does not take the record (a compacted topic needs a key)",
        .step = options_.spec.name});
  }
  return rejected;
}

}  // namespace weir
