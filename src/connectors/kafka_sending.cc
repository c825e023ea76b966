#include "connectors/kafka_sending.h"

#include <algorithm>
#include <array>

#include <librdkafka/rdkafka.h>

#include "base/crash_point.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t slice_max = 4096;  // records handed to librdkafka in one call
constexpr milliseconds ask_every{250};   // whether the transaction is lost

// librdkafka takes the bytes as they lie and does not change them.
void set(const KafkaRecords::Texts& texts, std::size_t row, void*& data, std::size_t& size) {
  if (!texts.present[row]) return;
  const std::string_view text = texts.at(row);
  data = const_cast<char*>(text.data());
  size = text.size();
}

}  // namespace

KafkaSending::KafkaSending(KafkaClient& client, const std::string& topic, const KafkaRecords& records,
                           const Clock& clock, Clock::Duration deadline)
    : client_(client),
      topic_(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr), &rd_kafka_topic_destroy),
      records_(records),
      codes_(records.size, RD_KAFKA_RESP_ERR__IN_PROGRESS),
      clock_(clock),
      deadline_(deadline) {
  client_.report_to(this);
}

KafkaSending::~KafkaSending() { client_.report_to(nullptr); }

void KafkaSending::delivered(std::uint64_t row, int code) {
  codes_[row] = code;
  --open_;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) failed_.push_back(row);
}

bool KafkaSending::send(const std::vector<std::size_t>& rows) {
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
  return !lost_ || failed_.empty();
}

std::vector<std::size_t> KafkaSending::take_failed() {
  std::sort(failed_.begin(), failed_.end());
  return std::exchange(failed_, {});
}

bool KafkaSending::wait() {
  const Clock::Duration now = clock_.running();
  if (now >= deadline_) return false;
  if (lost_) {
    if (!failed_.empty()) return false;
    if (now - asked_ > ask_every) {
      asked_ = now;
      if (lost_()) return false;
    }
  }
  rd_kafka_flush(client_.get(), 50);  // serves the reports, too
  return true;
}

bool KafkaSending::hand_over(const std::vector<std::size_t>& rows, std::size_t begin, std::size_t end) {
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
    const int sent =
        rd_kafka_produce_batch(topic_.get(), RD_KAFKA_PARTITION_UA, 0, slice_.data(), static_cast<int>(slice_.size()));
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

bool KafkaSending::hand_over_with_headers(const std::vector<std::size_t>& rows, std::size_t begin, std::size_t end) {
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

int KafkaSending::produce_one(std::size_t row) {
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

void KafkaSending::refuse(std::size_t row, int code) {
  codes_[row] = code;
  failed_.push_back(row);
}

}  // namespace weir
