#include "connectors/kafka_admin.h"

#include <algorithm>
#include <array>
#include <map>

#include <librdkafka/rdkafka.h>

#include "base/log.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

template <class T, void (*Free)(T*)>
struct Destroy {
  void operator()(T* object) const { Free(object); }
};
using Options =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_t, rd_kafka_queue_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_t, rd_kafka_event_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                      Destroy<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>>;
using Names =
    std::unique_ptr<rd_kafka_TopicCollection_t, Destroy<rd_kafka_TopicCollection_t, rd_kafka_TopicCollection_destroy>>;

int in_ms(milliseconds timeout) { return static_cast<int>(timeout.count()); }

Options make_options(rd_kafka_t* handle, rd_kafka_admin_op_t op, milliseconds timeout) {
  Options options(rd_kafka_AdminOptions_new(handle, op));
  std::array<char, 128> text{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), std::max(1, in_ms(timeout)), text.data(), text.size());
  return options;
}

void drop(rd_kafka_error_t* error) {
  if (error != nullptr) rd_kafka_error_destroy(error);
}

KafkaTopic to_topic(const rd_kafka_TopicDescription_t* d) {
  KafkaTopic topic;
  topic.name = rd_kafka_TopicDescription_name(d);
  if (const rd_kafka_error_t* error = rd_kafka_TopicDescription_error(d)) {
    const auto code = rd_kafka_error_code(error);
    topic.authorized = code != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    topic.exists = code == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!topic.exists) return topic;
  }
  topic.exists = true;
  if (const rd_kafka_Uuid_t* id = rd_kafka_TopicDescription_topic_id(d))
    if (rd_kafka_Uuid_most_significant_bits(id) != 0 || rd_kafka_Uuid_least_significant_bits(id) != 0)
      topic.id = rd_kafka_Uuid_base64str(id);
  std::size_t count = 0;
  const auto** partitions = rd_kafka_TopicDescription_partitions(d, &count);
  for (std::size_t i = 0; i < count; ++i)
    topic.partitions.emplace_back(rd_kafka_TopicPartitionInfo_partition(partitions[i]));
  std::sort(topic.partitions.begin(), topic.partitions.end());
  const rd_kafka_AclOperation_t* operations = rd_kafka_TopicDescription_authorized_operations(d, &count);
  if (operations != nullptr && count > 0) {  // a broker without ACLs lists all
    const auto may = [&](rd_kafka_AclOperation_t op) {
      return std::find(operations, operations + count, op) != operations + count;
    };
    topic.may_read = may(RD_KAFKA_ACL_OPERATION_READ);
    topic.may_write = may(RD_KAFKA_ACL_OPERATION_WRITE);
  }
  return topic;
}

}  // namespace

Result<std::unique_ptr<KafkaAdmin>> KafkaAdmin::make(const ConnectionSpec& connection, const Clock& clock) {
  const KafkaSettings defaults = {{"socket.timeout.ms", "10000"}};
  auto client = TRY(KafkaClient::make(connection, KafkaRole::admin, defaults, {}, clock));
  return std::unique_ptr<KafkaAdmin>(new KafkaAdmin(std::move(client), describe_connection(connection), clock));
}

KafkaAdmin::KafkaAdmin(std::shared_ptr<KafkaClient> client, std::string label, const Clock& clock)
    : client_(std::move(client)),
      clock_(clock),
      label_(std::move(label)),
      describe_queue_(rd_kafka_queue_new(client_->get())),
      commit_queue_(rd_kafka_queue_new(client_->get())) {}

KafkaAdmin::~KafkaAdmin() {
  // A run that ends right after its last batch should leave that batch's offsets behind.
  constexpr milliseconds patience{3'000};
  for (int answers = 0; answers < 2 && (commit_open_ || !to_commit_.empty()); ++answers) {
    if (!commit_open_) send_commit();
    take_commit_answers(patience);
    if (commit_open_) break;  // nobody answers
  }
  rd_kafka_queue_destroy(describe_queue_);
  rd_kafka_queue_destroy(commit_queue_);
}

// librdkafka tells of refused logins through complaints only; its requests just time out. So both are watched.
Status KafkaAdmin::connect(Timeout timeout) {
  client_->clear_complaint();
  const Clock::Duration end = clock_.running() + timeout;
  std::optional<Clock::Duration> refused_since;
  while (true) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - clock_.running());
    const struct rd_kafka_metadata* metadata = nullptr;
    const int wait = std::clamp(in_ms(left), 1, 250);
    const auto code = rd_kafka_metadata(client_->get(), 0, nullptr, &metadata, wait);
    client_->serve(milliseconds(code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 20));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
      client_->clear_complaint();
      return {};
    }
    const auto complaint = client_->complaint();
    if (complaint && is_refusal(complaint->code)) {
      // A second refusal proves that it was no accident of a broker that is just starting.
      if (!refused_since) refused_since = clock_.running();
      if (complaint->count >= 2 || clock_.running() - *refused_since > std::chrono::seconds(2))
        return fail(no_answer("login", complaint->code, complaint->text));
    }
    if (left <= milliseconds(0))
      return fail(complaint ? no_answer("login", complaint->code, complaint->text) : no_answer("login", code, ""));
  }
}

// Before a question to a cluster that is perhaps away: librdkafka's admin requests spin on a broker that refuses
// connections, until their time is over.
Status KafkaAdmin::ready(Timeout timeout) {
  client_->serve(milliseconds(0));
  return client_->complaint() ? connect(std::min(timeout, milliseconds(1'000))) : Status();
}

Error KafkaAdmin::no_answer(const std::string& question, int code, const std::string& text) const {
  const auto complaint = client_->complaint();
  if (complaint && is_refusal(complaint->code)) return to_error(complaint->code, complaint->text, label_);
  if (is_refusal(code)) return to_error(code, text, label_);
  std::string reason = text.empty() && complaint ? complaint->text : text;
  if (reason.empty()) reason = rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
  // Brokers hang up on a client that speaks another protocol than the listener.
  if (reason.find("APIVERSION") != std::string::npos || reason.find("ApiVersion") != std::string::npos)
    reason += "; does security.protocol fit this listener?";
  return Error{Fault::external, Retry::with_backoff, "no answer from the brokers (" + question + "): " + reason,
               label_};
}

void KafkaAdmin::ask_describe(const std::vector<std::string>& names, Timeout timeout) {
  std::vector<const char*> texts;
  for (const std::string& name : names) texts.push_back(name.c_str());
  const Names collection(rd_kafka_TopicCollection_of_topic_names(texts.data(), texts.size()));
  const Options options = make_options(client_->get(), RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout);
  drop(rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1));
  rd_kafka_DescribeTopics(client_->get(), collection.get(), options.get(), describe_queue_);
  asked_names_ = names;
  asked_ = true;
}

std::optional<Result<std::vector<KafkaTopic>>> KafkaAdmin::described(Timeout wait) {
  const Event event(rd_kafka_queue_poll(describe_queue_, in_ms(wait)));
  client_->serve(milliseconds(0));
  if (event == nullptr) return std::nullopt;
  asked_ = false;
  if (const auto code = rd_kafka_event_error(event.get()))
    return fail(no_answer("topics", code, rd_kafka_event_error_string(event.get())));
  client_->clear_complaint();
  std::size_t count = 0;
  const auto** found = rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event.get()), &count);
  std::map<std::string, KafkaTopic> by_name;
  for (std::size_t i = 0; i < count; ++i) {
    KafkaTopic topic = to_topic(found[i]);
    by_name.emplace(topic.name, std::move(topic));
  }
  std::vector<KafkaTopic> topics;
  for (const std::string& name : asked_names_) {
    const auto it = by_name.find(name);
    topics.push_back(it == by_name.end() ? KafkaTopic{.name = name} : it->second);
  }
  return topics;
}

Result<std::vector<KafkaTopic>> KafkaAdmin::describe(const std::vector<std::string>& names, Timeout timeout) {
  if (names.empty()) return std::vector<KafkaTopic>();
  constexpr milliseconds more{500};       // librdkafka answers every question, if only that its time is over
  if (asked_) described(timeout + more);  // an older question: its answer is of no use
  if (asked_) return fail(no_answer("topics", RD_KAFKA_RESP_ERR__TIMED_OUT, ""));
  TRY(ready(timeout));
  ask_describe(names, timeout);
  if (auto answer = described(timeout + more)) return std::move(*answer);
  return fail(no_answer("topics", RD_KAFKA_RESP_ERR__TIMED_OUT, ""));
}

Result<std::vector<std::string>> KafkaAdmin::list(Timeout timeout) {
  const struct rd_kafka_metadata* metadata = nullptr;
  const auto code = rd_kafka_metadata(client_->get(), 1, nullptr, &metadata, in_ms(timeout));
  client_->serve(milliseconds(0));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail(no_answer("list of topics", code, ""));
  std::vector<std::string> names;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    if (metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR &&
        std::string_view(metadata->topics[i].topic).substr(0, 2) != "__")
      names.emplace_back(metadata->topics[i].topic);
  rd_kafka_metadata_destroy(metadata);
  std::sort(names.begin(), names.end());
  return names;
}

Result<Position> KafkaAdmin::offsets(OffsetKind kind, const Position& partitions, Timeout timeout) {
  const std::int64_t what = kind == OffsetKind::earliest ? RD_KAFKA_OFFSET_SPEC_EARLIEST : RD_KAFKA_OFFSET_SPEC_LATEST;
  return list_offsets(partitions, what, kind != OffsetKind::latest, timeout);
}

Result<Position> KafkaAdmin::offsets_at(Micros time, const Position& partitions, Timeout timeout) {
  // Kafka's times are whole milliseconds: rounded up, nothing before `time` is taken.
  const std::int64_t ms = time.value <= 0 ? 0 : (time.value + 999) / 1000;
  Position found = TRY(list_offsets(partitions, ms, true, timeout));
  if (std::all_of(found.begin(), found.end(), [](const PartitionPosition& p) { return p.next.value >= 0; }))
    return found;
  const Position ends = TRY(offsets(OffsetKind::latest_committed, partitions, timeout));
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].next.value < 0) found[i].next = ends[i].next;
  return found;
}

Result<Position> KafkaAdmin::list_offsets(const Position& partitions, std::int64_t what, bool committed,
                                          Timeout timeout) {
  if (partitions.empty()) return Position();
  TRY(ready(timeout));
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (const PartitionPosition& p : partitions)
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition.value)->offset = what;
  const Options options = make_options(client_->get(), RD_KAFKA_ADMIN_OP_LISTOFFSETS, timeout);
  drop(rd_kafka_AdminOptions_set_isolation_level(
      options.get(), committed ? RD_KAFKA_ISOLATION_LEVEL_READ_COMMITTED : RD_KAFKA_ISOLATION_LEVEL_READ_UNCOMMITTED));
  const Queue queue(rd_kafka_queue_new(client_->get()));
  rd_kafka_ListOffsets(client_->get(), list.get(), options.get(), queue.get());
  const Event event(rd_kafka_queue_poll(queue.get(), in_ms(timeout) + 1000));
  client_->serve(milliseconds(0));
  if (event == nullptr) return fail(no_answer("offsets", RD_KAFKA_RESP_ERR__TIMED_OUT, ""));
  if (const auto code = rd_kafka_event_error(event.get()))
    return fail(no_answer("offsets", code, rd_kafka_event_error_string(event.get())));
  std::size_t count = 0;
  const auto** infos = rd_kafka_ListOffsets_result_infos(rd_kafka_event_ListOffsets_result(event.get()), &count);
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> by_partition;
  for (std::size_t i = 0; i < count; ++i) {
    const rd_kafka_topic_partition_t* p = rd_kafka_ListOffsetsResultInfo_topic_partition(infos[i]);
    if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail(to_error(p->err, "", std::string(p->topic) + "/" + std::to_string(p->partition)));
    by_partition[{p->topic, p->partition}] = p->offset;
  }
  Position answer = partitions;
  for (PartitionPosition& p : answer) {
    const auto it = by_partition.find({p.topic, p.partition.value});
    if (it == by_partition.end()) return fail(no_answer("offsets", RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, ""));
    p.next = Offset(it->second);
  }
  return answer;
}

std::optional<std::string> KafkaAdmin::topic_setting(const std::string& topic, const std::string& name,
                                                     Timeout timeout) {
  if (!ready(timeout)) return std::nullopt;
  rd_kafka_ConfigResource_t* asked = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  const Options options = make_options(client_->get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
  const Queue queue(rd_kafka_queue_new(client_->get()));
  rd_kafka_DescribeConfigs(client_->get(), &asked, 1, options.get(), queue.get());
  rd_kafka_ConfigResource_destroy(asked);
  const Event event(rd_kafka_queue_poll(queue.get(), in_ms(timeout) + 1000));
  client_->serve(milliseconds(0));
  if (event == nullptr || rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  std::size_t count = 0;
  const auto** resources =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1 || rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  const auto** entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  for (std::size_t i = 0; i < count; ++i)
    if (name == rd_kafka_ConfigEntry_name(entries[i]) && rd_kafka_ConfigEntry_value(entries[i]) != nullptr)
      return rd_kafka_ConfigEntry_value(entries[i]);
  return std::nullopt;
}

void KafkaAdmin::commit(const std::string& group, const Position& position) {
  take_commit_answers(milliseconds(0));
  commit_group_ = group;
  to_commit_ = position;
  if (!commit_open_) send_commit();  // behind a slow coordinator only the newest offsets wait
}

void KafkaAdmin::send_commit() {
  const Position position = std::exchange(to_commit_, {});
  if (position.empty() || client_->complaint()) return;  // the cluster is away: the next report tells more anyway
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(position.size())));
  for (const PartitionPosition& p : position)
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.partition.value)->offset = p.next.value;
  rd_kafka_AlterConsumerGroupOffsets_t* alter =
      rd_kafka_AlterConsumerGroupOffsets_new(commit_group_.c_str(), list.get());
  const Options options =
      make_options(client_->get(), RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, milliseconds(10'000));
  rd_kafka_AlterConsumerGroupOffsets(client_->get(), &alter, 1, options.get(), commit_queue_);
  rd_kafka_AlterConsumerGroupOffsets_destroy(alter);
  commit_open_ = true;
}

void KafkaAdmin::take_commit_answers(Timeout wait) {
  while (const Event event{rd_kafka_queue_poll(commit_queue_, commit_open_ ? in_ms(wait) : 0)}) {
    commit_open_ = false;
    std::string trouble;
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      trouble = rd_kafka_event_error_string(event.get());
    } else {
      std::size_t count = 0;
      const auto** groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
          rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &count);
      for (std::size_t i = 0; i < count && trouble.empty(); ++i)
        if (const rd_kafka_error_t* error = rd_kafka_group_result_error(groups[i]))
          trouble = rd_kafka_error_string(error);
    }
    if (!trouble.empty() && !commit_refused_)
      log::warn("the group's offsets could not be written, outside lag tools see old ones",
                {{"connection", label_}, {"reason", trouble}});
    commit_refused_ = !trouble.empty();
  }
  client_->serve(milliseconds(0));
}

}  // namespace weir
