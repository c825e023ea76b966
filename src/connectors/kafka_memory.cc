#include "connectors/kafka_memory.h"

#include <charconv>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "base/json.h"
#include "connectors/kafka_client.h"

namespace weir {
namespace {

constexpr int memory_format = 1;

Result<BatchId> parse(std::string_view text) {
  const Json json = TRY(parse_stored(text, "offset", memory_format));
  JsonFields fields(json, "offset");
  fields.required<std::uint64_t>("format");
  BatchId id;
  id.writer = fields.required<std::string>("writer");
  id.epoch = Epoch(fields.required<std::uint64_t>("epoch"));
  id.number = BatchNumber(fields.required<std::uint64_t>("batch"));
  const auto plan = fields.required<std::string>("plan");
  TRY(fields.finish());
  const auto [end, error] = std::from_chars(plan.data(), plan.data() + plan.size(), id.plan_hash, 16);
  if (error != std::errc() || end != plan.data() + plan.size())
    return fail(Fault::data, "the stored offset has no hexadecimal number in plan");
  return id;
}

using List = std::unique_ptr<rd_kafka_topic_partition_list_t, decltype(&rd_kafka_topic_partition_list_destroy)>;

// What the client was told aside: a coordinator that refuses the group is told here only.
int told_aside(const KafkaClient& client, std::string& text) {
  rd_kafka_message_t* const message = rd_kafka_consumer_poll(client.get(), 0);
  if (message == nullptr) return RD_KAFKA_RESP_ERR_NO_ERROR;
  const int code = message->err;
  text = rd_kafka_message_errstr(message) == nullptr ? "" : rd_kafka_message_errstr(message);
  rd_kafka_message_destroy(message);
  return code;
}

}  // namespace

std::string encode_memory(const BatchId& id) {
  return dump_json(Json{{"format", memory_format},
                        {"writer", id.writer},
                        {"epoch", id.epoch.value},
                        {"batch", id.number.value},
                        {"plan", fmt::format("{:016x}", id.plan_hash)}});
}

Result<BatchId> decode_memory(std::string_view text) {
  auto id = parse(text);
  if (!id)
    return fail(Fault::config, "the text beside the offset is not what this Weir writes: " + id.error().message +
                                   "; give the sink or the pipeline another name, or delete the group");
  return id;
}

Result<std::optional<BatchId>> read_memory(const ConnectionSpec& connection, const std::string& group,
                                           const std::string& topic, Recall recall, std::chrono::milliseconds timeout,
                                           const Clock& clock) {
  const std::string place = "group " + group;
  const KafkaSettings fixed = {{"group.id", group},
                               {"enable.auto.commit", "false"},
                               {"isolation.level", recall == Recall::decided ? "read_committed" : "read_uncommitted"}};
  const auto client = TRY(KafkaClient::make(connection, KafkaRole::consumer, {}, fixed, clock));
  rd_kafka_poll_set_consumer(client->get());
  const Clock::Duration end = clock.running() + timeout;
  constexpr int ask_ms = 1'000;
  while (true) {
    const List list(rd_kafka_topic_partition_list_new(1), &rd_kafka_topic_partition_list_destroy);
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), memory_partition.value);
    int code = rd_kafka_committed(client->get(), list.get(), ask_ms);
    std::string text;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const int aside = told_aside(*client, text);
      if (aside != RD_KAFKA_RESP_ERR_NO_ERROR) code = aside;
    }
    const rd_kafka_topic_partition_t& found = list->elems[0];
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = found.err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (found.offset < 0) return std::optional<BatchId>();
      auto id = decode_memory(std::string_view(static_cast<const char*>(found.metadata), found.metadata_size));
      if (!id) return fail(Fault::config, id.error().message, place);
      return std::move(*id);
    }
    const auto complaint = client->complaint();
    if (complaint && is_refusal(complaint->code)) return fail(client->complaint_or({}));
    const Error why = to_error(code, text, place);
    if (why.fault != Fault::external) return fail(why);
    if (clock.running() >= end) return fail(client->complaint_or(why));
  }
}

std::string kafka_sink_id(std::string_view pipeline, std::string_view sink) {
  return fmt::format("weir.{}.{}", pipeline, sink);  // a sink's name has no dot
}

}  // namespace weir
