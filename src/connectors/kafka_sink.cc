#include "connectors/kafka_sink.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <librdkafka/rdkafka.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "formats/json_encoder.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t batch_bytes_usual = 1'000'000;  // of librdkafka, and what a topic takes by default
constexpr std::uint64_t record_overhead = 100;          // of a batch's header and a record's own fields
constexpr std::size_t slice_max = 4096;                 // records handed to librdkafka in one call

using Topic = std::unique_ptr<rd_kafka_topic_t, decltype(&rd_kafka_topic_destroy)>;

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

// Bytes of a column, one entry a row; `present` is false for a null.
struct Texts {
  std::string text;
  std::vector<std::size_t> ends;
  std::vector<bool> present;
  std::string_view at(std::size_t row) const {
    const std::size_t begin = row == 0 ? 0 : ends[row - 1];
    return std::string_view(text).substr(begin, ends[row] - begin);
  }
};

}  // namespace

// A batch as records. Everything that is sent points into this.
struct KafkaSink::Records {
  Texts values;
  std::optional<Texts> keys;
  std::vector<std::pair<std::string, Texts>> headers;
  std::size_t size = 0;
  std::uint64_t bytes_of(std::size_t row) const {
    std::uint64_t bytes = values.at(row).size() + (keys ? keys->at(row).size() : 0) + record_overhead;
    for (const auto& [name, texts] : headers) bytes += name.size() + texts.at(row).size() + 4;
    return bytes;
  }
};

// One batch on its way: sends records and waits for what became of each.
class KafkaSink::Sending final : public KafkaDeliveries {
 public:
  Sending(KafkaClient& client, const std::string& topic, const Records& records, const Clock& clock,
          Clock::Duration deadline)
      : client_(client),
        topic_(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr), &rd_kafka_topic_destroy),
        records_(records),
        codes_(records.size, RD_KAFKA_RESP_ERR__IN_PROGRESS),
        clock_(clock),
        deadline_(deadline) {
    client_.report_to(this);
  }
  ~Sending() override { client_.report_to(nullptr); }

  void delivered(std::uint64_t row, int code) override {
    codes_[row] = code;
    --open_;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) failed_.push_back(row);
  }

  // Sends rows and waits for all of them. False: the time is over.
  bool send(const std::vector<std::size_t>& rows) {
    for (std::size_t begin = 0; begin < rows.size(); begin += slice_max) {
      if (begin <= rows.size() / 2 && begin + slice_max > rows.size() / 2) CRASH_POINT("kafka_sink.mid_send");
      const std::size_t end = std::min(begin + slice_max, rows.size());
      if (!(records_.headers.empty() ? hand_over(rows, begin, end) : hand_over_with_headers(rows, begin, end)))
        return false;
      client_.serve(milliseconds(0));
    }
    rd_kafka_flush(client_.get(), 0);  // do not linger
    while (open_ > 0) {
      if (!wait()) return false;
    }
    return true;
  }

  // Rows that failed since the last call.
  std::vector<std::size_t> take_failed() { return std::exchange(failed_, {}); }
  int code(std::size_t row) const { return codes_[row]; }

 private:
  bool wait() {
    if (clock_.running() >= deadline_) return false;
    rd_kafka_flush(client_.get(), 50);  // serves the reports, too
    return true;
  }

  bool hand_over(const std::vector<std::size_t>& rows, std::size_t begin, std::size_t end) {
    slice_.clear();
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t row = rows[i];
      rd_kafka_message_t message{};
      set(records_.values, row, message.payload, message.len);
      if (records_.keys) set(*records_.keys, row, message.key, message.key_len);
      message._private = reinterpret_cast<void*>(row);
      slice_.push_back(message);
    }
    while (!slice_.empty()) {
      const int sent = rd_kafka_produce_batch(topic_.get(), RD_KAFKA_PARTITION_UA, 0, slice_.data(),
                                              static_cast<int>(slice_.size()));
      open_ += static_cast<std::size_t>(sent);
      if (static_cast<std::size_t>(sent) == slice_.size()) return true;
      std::vector<rd_kafka_message_t> again;
      for (const rd_kafka_message_t& m : slice_) {
        if (m.err == RD_KAFKA_RESP_ERR__QUEUE_FULL) again.push_back(m);
        if (m.err != RD_KAFKA_RESP_ERR__QUEUE_FULL && m.err != RD_KAFKA_RESP_ERR_NO_ERROR)
          refuse(reinterpret_cast<std::uintptr_t>(m._private), m.err);
      }
      slice_ = std::move(again);
      if (!slice_.empty() && !wait()) return false;
    }
    return true;
  }

  bool hand_over_with_headers(const std::vector<std::size_t>& rows, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t row = rows[i];
      while (true) {
        const int code = produce_one(row);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) ++open_;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__QUEUE_FULL) refuse(row, code);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) break;
        if (!wait()) return false;
      }
    }
    return true;
  }

  int produce_one(std::size_t row) {
    rd_kafka_headers_t* headers = rd_kafka_headers_new(records_.headers.size());
    for (const auto& [name, texts] : records_.headers) {
      const std::string_view value = texts.at(row);
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                          texts.present[row] ? value.data() : nullptr, static_cast<ssize_t>(value.size()));
    }
    void* value = nullptr;
    void* key = nullptr;
    std::size_t value_size = 0;
    std::size_t key_size = 0;
    set(records_.values, row, value, value_size);
    if (records_.keys) set(*records_.keys, row, key, key_size);
    std::array<rd_kafka_vu_t, 5> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_RKT;
    parts[0].u.rkt = topic_.get();
    parts[1].vtype = RD_KAFKA_VTYPE_VALUE;
    parts[1].u.mem = {value, value_size};
    parts[2].vtype = RD_KAFKA_VTYPE_KEY;
    parts[2].u.mem = {key, key_size};
    parts[3].vtype = RD_KAFKA_VTYPE_HEADERS;
    parts[3].u.headers = headers;
    parts[4].vtype = RD_KAFKA_VTYPE_OPAQUE;
    parts[4].u.ptr = reinterpret_cast<void*>(row);
    rd_kafka_error_t* error = rd_kafka_produceva(client_.get(), parts.data(), parts.size());
    if (error == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    rd_kafka_headers_destroy(headers);  // still ours: nothing was sent
    return code;
  }

  // librdkafka takes the bytes as they lie and does not change them.
  static void set(const Texts& texts, std::size_t row, void*& data, std::size_t& size) {
    if (!texts.present[row]) return;
    const std::string_view text = texts.at(row);
    data = const_cast<char*>(text.data());
    size = text.size();
  }

  void refuse(std::size_t row, int code) {
    codes_[row] = code;
    failed_.push_back(row);
  }

  KafkaClient& client_;
  Topic topic_;
  const Records& records_;
  std::vector<int> codes_;
  std::vector<std::size_t> failed_;
  std::vector<rd_kafka_message_t> slice_;
  std::size_t open_ = 0;  // handed over, not reported
  const Clock& clock_;
  Clock::Duration deadline_;
};

Result<std::unique_ptr<KafkaSink>> KafkaSink::make(KafkaSinkOptions options, const Clock& clock) {
  TRY(KafkaClient::check(options.connection));
  return std::unique_ptr<KafkaSink>(new KafkaSink(std::move(options), clock));
}

KafkaSink::KafkaSink(KafkaSinkOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

KafkaSink::~KafkaSink() = default;

Status KafkaSink::make_admin() {
  if (admin_ == nullptr) admin_ = TRY(KafkaAdmin::make(options_.connection, clock_));
  return {};
}

Status KafkaSink::verify(const Schema& schema) {
  const KafkaSinkSpec& spec = options_.spec.kafka;
  if (spec.guarantee == KafkaGuarantee::exactly_once)
    return fail(Fault::config, "a Kafka sink delivers at least once so far: write `guarantee: at_least_once`", place());
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
  if (!topic.exists)
    return fail(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                         "asked through " + describe_connection(options_.connection), place()));
  return {};
}

Status KafkaSink::open(const std::string&, Epoch) { return make_producer(); }

Status KafkaSink::make_producer() {
  if (producer_ != nullptr) return {};
  TRY(make_admin());
  // Batches stay below what the topic takes, so that one large record does not have its neighbours refused.
  const auto limit = admin_->topic_setting(options_.spec.kafka.topic, "max.message.bytes", milliseconds(3'000));
  batch_bytes_ = std::clamp<std::uint64_t>(number_or(limit, batch_bytes_usual), 1'000, batch_bytes_usual);
  const auto timeout = std::chrono::duration_cast<milliseconds>(options_.spec.timeout);
  const KafkaSettings defaults = {
      {"batch.size", std::to_string(batch_bytes_)},
      {"batch.num.messages", "100000"},
      {"message.max.bytes", "100000000"},  // the broker says what is too large, not the client
      {"queue.buffering.max.messages", "1000000"},
      {"queue.buffering.max.kbytes", "262144"},
      {"linger.ms", "5"},
  };
  const KafkaSettings fixed = {
      {"enable.idempotence", "true"},
      {"partitioner", "murmur2_random"},
      {"compression.codec", options_.spec.kafka.compression},
      {"message.timeout.ms", std::to_string(std::max<std::int64_t>(timeout.count(), 1'000))},
  };
  producer_ = TRY(KafkaClient::make(options_.connection, KafkaRole::producer, defaults, fixed, clock_));
  return {};
}

Result<KafkaSink::Records> KafkaSink::encode(const Batch& rows) const {
  const KafkaSinkSpec& spec = options_.spec.kafka;
  const Schema& schema = rows.schema();
  Records records;
  records.size = rows.rows();
  std::vector<std::pair<std::size_t, Texts*>> columns;
  const auto add = [&](const std::string& name, Texts& texts) -> Status {
    const auto column = schema.find(name);
    if (!column) return fail(Fault::config, "there is no column " + name, place());
    columns.emplace_back(*column, &texts);
    return {};
  };
  if (!spec.key.empty()) TRY(add(spec.key, records.keys.emplace()));
  for (const auto& [name, column] : spec.headers) records.headers.emplace_back(name, Texts());
  std::size_t header = 0;
  for (const auto& [name, column] : spec.headers) TRY(add(column, records.headers[header++].second));

  const auto op = schema.find(op_column);
  JsonEncoder encoder(schema);
  for (const auto& chunk : rows.chunks()) {
    encoder.start(*chunk);
    const auto* ops = op ? static_cast<const std::uint8_t*>(duckdb_vector_get_data(chunk->column(*op))) : nullptr;
    for (std::size_t row = 0; row < chunk->rows(); ++row) {
      const bool removed = ops != nullptr && ops[row] == static_cast<std::uint8_t>(Operation::remove);
      if (!removed) encoder.append_row(row, records.values.text);
      records.values.ends.push_back(records.values.text.size());
      records.values.present.push_back(!removed);
      for (const auto& [column, texts] : columns) {
        texts->present.push_back(encoder.append_key(column, row, texts->text));
        texts->ends.push_back(texts->text.size());
      }
    }
  }
  return records;
}

Result<Written> KafkaSink::write(const BatchId&, const Batch& rows) {
  TRY(make_producer());
  const Records records = TRY(encode(rows));
  CRASH_POINT("kafka_sink.before_send");
  auto written = send(records, rows);
  if (!written && written.error().fault == Fault::external) {  // librdkafka waits long for a topic that is not there
    const auto topic = admin_->describe({options_.spec.kafka.topic}, milliseconds(2'000));
    if (topic && topic->at(0).authorized && !topic->at(0).exists)
      written = fail(to_error(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "", place()));
  }
  // Nothing may be on its way when the records are freed, nor arrive behind a repeat: the producer goes, and its
  // threads with it.
  if (!written) producer_.reset();
  CRASH_POINT("kafka_sink.after_flush");
  return written;
}

Result<Written> KafkaSink::send(const Records& records, const Batch& rows) {
  producer_->clear_complaint();
  const Clock::Duration deadline = clock_.running() + options_.spec.timeout + std::chrono::seconds(5);
  const auto late = [&] {
    rd_kafka_purge(producer_->get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer_->get(), 1'000);
    return fail(producer_->complaint_or(
        Error{Fault::external, Retry::with_backoff, "Kafka did not acknowledge all records in time", place()}));
  };
  Sending sending(*producer_, options_.spec.kafka.topic, records, clock_, deadline);
  std::vector<std::size_t> all(records.size);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  if (!sending.send(all)) return late();

  Written written;
  const bool has_src = rows.schema().find(src_column).has_value();
  const std::vector<std::uint64_t> src = has_src ? rows.src() : std::vector<std::uint64_t>();
  std::vector<std::size_t> refused;
  std::vector<std::size_t> failed = sending.take_failed();
  std::sort(failed.begin(), failed.end());
  for (const std::size_t row : failed) {
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
  for (const std::size_t row : refused) {
    const bool size = sending.code(row) != RD_KAFKA_RESP_ERR_INVALID_RECORD;
    written.rejected.push_back(Rejected{
        .src = has_src ? src[row] : row,
        .code = Code::sink_rejected,
        .message =
            size ? "the record has " + std::to_string(records.bytes_of(row)) +
                       " bytes, more than max.message.bytes of topic " + options_.spec.kafka.topic
                 : "topic " + options_.spec.kafka.topic + " does not take the record (a compacted topic needs a key)",
        .step = options_.spec.name});
  }
  written.rows = records.size - refused.size();
  written.bytes = records.values.text.size() + (records.keys ? records.keys->text.size() : 0);
  return written;
}

}  // namespace weir
