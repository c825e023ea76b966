#include "connectors/demo_broker.h"

#include <utility>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

namespace weir {
namespace {

tl::unexpected<Error> demo_error(std::string_view what, std::string_view why) {
  return fail(Fault::external, fmt::format("the demo's broker cannot {}: {}", what, why));
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<std::atomic<std::uint64_t>*>(opaque)->fetch_add(1);
}

// The mock warns that it is one; the demo says so itself.
void no_log(const rd_kafka_t*, int, const char*, const char*) {}

}  // namespace

Result<std::unique_ptr<DemoBroker>> DemoBroker::start(std::string topic, std::int32_t partitions) {
  std::unique_ptr<DemoBroker> broker(new DemoBroker(std::move(topic), partitions));
  TRY(broker->open());
  return broker;
}

Status DemoBroker::open() {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  char why[256] = "";
  // What is stored is compressed as it was sent, so that more of it fits.
  const std::pair<const char*, const char*> settings[] = {{"test.mock.num.brokers", "1"},
                                                          {"compression.type", "zstd"},
                                                          {"linger.ms", "100"},
                                                          {"enable.idempotence", "true"}};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      return demo_error("start", why);
    }
  }
  rd_kafka_conf_set_log_cb(conf, no_log);
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_conf_set_opaque(conf, &refused_);
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (producer_ == nullptr) {
    rd_kafka_conf_destroy(conf);
    return demo_error("start", why);
  }
  rd_kafka_mock_cluster_t* const cluster = rd_kafka_handle_mock_cluster(producer_);
  if (cluster == nullptr) return demo_error("start", "no mock cluster");
  // Its metadata names broker 0 as the controller, and there is none: clients would wait for it to describe a topic.
  const auto added = rd_kafka_mock_broker_add(cluster, 0);
  if (added != RD_KAFKA_RESP_ERR_NO_ERROR) return demo_error("start", rd_kafka_err2str(added));
  address_ = rd_kafka_mock_cluster_bootstraps(cluster);
  const auto made = rd_kafka_mock_topic_create(cluster, topic_.c_str(), partitions_, 1);
  if (made != RD_KAFKA_RESP_ERR_NO_ERROR) return demo_error("make the topic", rd_kafka_err2str(made));
  return {};
}

Status DemoBroker::make_topic(const std::string& name) {
  const auto made = rd_kafka_mock_topic_create(rd_kafka_handle_mock_cluster(producer_), name.c_str(), 1, 1);
  if (made != RD_KAFKA_RESP_ERR_NO_ERROR) return demo_error("make a topic", rd_kafka_err2str(made));
  return {};
}

DemoBroker::~DemoBroker() {
  if (producer_ == nullptr) return;
  rd_kafka_purge(producer_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_destroy(producer_);
}

Status DemoBroker::send(PartitionId partition, std::string_view key, std::optional<std::string_view> value,
                        Micros timestamp) {
  char* const bytes = value ? const_cast<char*>(value->data()) : nullptr;
  const std::size_t size = value ? value->size() : 0;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"  // inside librdkafka's macros
  const auto try_send = [&] {
    return rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_PARTITION(partition.value),
                             RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(bytes, size),
                             RD_KAFKA_V_TIMESTAMP(timestamp.value / 1000), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                             RD_KAFKA_V_END);
  };
#pragma GCC diagnostic pop
  for (;;) {
    const auto sent = try_send();
    if (sent == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    if (sent != RD_KAFKA_RESP_ERR__QUEUE_FULL) return demo_error("take a record", rd_kafka_err2str(sent));
    rd_kafka_poll(producer_, 50);
  }
  rd_kafka_poll(producer_, 0);
  return {};
}

Status DemoBroker::flush(std::chrono::milliseconds timeout) {
  const auto flushed = rd_kafka_flush(producer_, static_cast<int>(timeout.count()));
  if (flushed != RD_KAFKA_RESP_ERR_NO_ERROR) return demo_error("take all records", rd_kafka_err2str(flushed));
  if (refused_ > 0) return demo_error("take all records", fmt::format("{} were refused", refused_.load()));
  return {};
}

Result<std::vector<DemoBroker::Kept>> DemoBroker::kept() const {
  std::vector<Kept> out;
  for (std::int32_t p = 0; p < partitions_; ++p) {
    std::int64_t first = 0;
    std::int64_t end = 0;
    const auto asked = rd_kafka_query_watermark_offsets(producer_, topic_.c_str(), p, &first, &end, 10'000);
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR) return demo_error("say what it keeps", rd_kafka_err2str(asked));
    out.push_back({Offset(first), Offset(end)});
  }
  return out;
}

}  // namespace weir
