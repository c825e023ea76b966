#pragma once
// Sends the records of one batch and waits for what became of each. In a transaction the first failure ends the wait: the
// transaction is lost by then, and what is on its way goes when it is aborted, while this still listens.
//
// Threads: one caller at a time. Ownership: client, records and clock outlive it; the client's reports come here until it ends.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "connectors/kafka_client.h"
#include "connectors/kafka_records.h"

struct rd_kafka_topic_s;
struct rd_kafka_message_s;  // NOLINT(readability-identifier-naming): librdkafka's

namespace weir {

class KafkaSending final : public KafkaDeliveries {
 public:
  KafkaSending(KafkaClient& client, const std::string& topic, const KafkaRecords& records, const Clock& clock,
               Clock::Duration deadline);
  ~KafkaSending() override;
  KafkaSending(const KafkaSending&) = delete;
  KafkaSending& operator=(const KafkaSending&) = delete;

  // From now on the first failure ends send(); so does `lost`, asked now and then, that says true.
  void in_transaction(std::function<bool()> lost) { lost_ = std::move(lost); }

  // Sends rows and waits for all of them. False: the time is over, or the transaction is lost.
  bool send(const std::vector<std::size_t>& rows);

  // Rows that failed since the last call, in order.
  std::vector<std::size_t> take_failed();
  int code(std::size_t row) const { return codes_[row]; }  // rd_kafka_resp_err_t

  void delivered(std::uint64_t row, int code) override;

 private:
  bool wait();
  bool hand_over(const std::vector<std::size_t>& rows, std::size_t begin, std::size_t end);
  bool hand_over_with_headers(const std::vector<std::size_t>& rows, std::size_t begin, std::size_t end);
  int produce_one(std::size_t row);
  void refuse(std::size_t row, int code);

  KafkaClient& client_;
  std::unique_ptr<rd_kafka_topic_s, void (*)(rd_kafka_topic_s*)> topic_;
  const KafkaRecords& records_;
  std::vector<int> codes_;
  std::vector<std::size_t> failed_;
  std::vector<rd_kafka_message_s> slice_;
  std::size_t open_ = 0;  // handed over, not reported
  const Clock& clock_;
  Clock::Duration deadline_;
  std::function<bool()> lost_;
  Clock::Duration asked_{0};  // `lost_`, last
};

}  // namespace weir
