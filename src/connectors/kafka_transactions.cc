#include "connectors/kafka_transactions.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include "base/check.h"
#include "base/crash_point.h"
#include "base/log.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Clock::Duration init_patience = seconds(15);
constexpr milliseconds look_up_patience{10'000};
constexpr int abort_ms = 10'000;

bool is_fenced(int code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH || code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING;
}

}  // namespace

KafkaTransactions::KafkaTransactions(KafkaTransactionNames names, ConnectionSpec connection, MakeProducer make,
                                     const Clock& clock, Clock::Duration timeout)
    : names_(std::move(names)),
      connection_(std::move(connection)),
      make_(std::move(make)),
      clock_(clock),
      timeout_(timeout) {}

KafkaTransactions::~KafkaTransactions() = default;

void KafkaTransactions::own(std::string writer, Epoch epoch) {
  writer_ = std::move(writer);
  epoch_ = epoch;
}

Status KafkaTransactions::ready() {
  CHECK(!writer_.empty(), "a sink is opened before it is used");
  if (producer_ != nullptr) return {};
  TRY(look_up(Recall::newest));  // who is not the owner any more should not fence the one who is
  auto producer = TRY(make_());
  TRY(init(*producer));
  TRY(look_up(Recall::decided));
  producer_ = std::move(producer);
  return {};
}

// Fences older producers of the same id, and waits until the transaction that they left open is decided.
Status KafkaTransactions::init(KafkaClient& producer) const {
  const Clock::Duration end = clock_.running() + std::clamp<Clock::Duration>(timeout_, seconds(5), init_patience);
  while (true) {
    rd_kafka_error_t* error = rd_kafka_init_transactions(producer.get(), 500);
    producer.serve(milliseconds(0));
    if (error == nullptr) return {};
    const bool again = rd_kafka_error_is_retriable(error) != 0;
    const Error why = explain(error);
    const auto complaint = producer.complaint();
    if (complaint && is_refusal(complaint->code)) return fail(producer.complaint_or(why));
    if (!again) return fail(why);
    if (clock_.running() >= end) return fail(why.fault == Fault::external ? producer.complaint_or(why) : why);
  }
}

Status KafkaTransactions::look_up(Recall recall) {
  auto found = TRY(read_memory(connection_, names_.id, names_.topic, recall, look_up_patience, clock_));
  if (!found) {
    known_ = BatchId{writer_, epoch_, BatchNumber(), 0};
    return {};
  }
  const bool ours = found->writer == writer_;
  if (!ours && found->number.value > 0)
    return fail(foreign(fmt::format("checkpoint {} wrote batch {} under this name, ours is {}", found->writer,
                                    found->number.value, writer_)));
  if (ours && found->epoch > epoch_)
    return fail(
        foreign(fmt::format("epoch {} of this checkpoint has it, ours is {}; a copy of the checkpoint was "
                            "started after this one",
                            found->epoch.value, epoch_.value)));
  known_ = ours ? *std::move(found) : BatchId{writer_, epoch_, BatchNumber(), 0};
  return {};
}

Result<bool> KafkaTransactions::has(const BatchId& id) const {
  if (known_.number < id.number) return false;
  if (known_.number == id.number && known_.plan_hash == id.plan_hash) return true;
  return fail(foreign(known_.number == id.number
                          ? fmt::format("batch {} is here already, from another plan", id.number.value)
                          : fmt::format("batch {} is here already, ours is {}", known_.number.value, id.number.value)));
}

Status KafkaTransactions::begin() {
  if (rd_kafka_error_t* error = rd_kafka_begin_transaction(producer_->get())) return fail(explain(error));
  open_ = true;
  deadline_ = clock_.running() + timeout_;
  return {};
}

// What is left of `timeout` for the next part, and a little where nothing is: transaction.timeout.ms has room for both.
int KafkaTransactions::left_ms() const {
  const Clock::Duration least = std::min<Clock::Duration>(timeout_, seconds(5));
  return static_cast<int>(
      std::chrono::duration_cast<milliseconds>(std::max(deadline_ - clock_.running(), least)).count());
}

// A second begin is always refused, and says why the first one is lost.
std::optional<Error> KafkaTransactions::trouble() const {
  rd_kafka_error_t* error = rd_kafka_begin_transaction(producer_->get());
  CHECK(error != nullptr, "a transaction is open");
  if (rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__STATE) {
    rd_kafka_error_destroy(error);
    return std::nullopt;
  }
  return explain(error);
}

Status KafkaTransactions::remember(const BatchId& id) {
  const std::string text = encode_memory(id);
  rd_kafka_topic_partition_list_t* offsets = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_t* p =
      rd_kafka_topic_partition_list_add(offsets, names_.topic.c_str(), memory_partition.value);
  p->offset = static_cast<std::int64_t>(id.number.value);
  p->metadata = std::malloc(text.size());  // librdkafka frees it
  CHECK(p->metadata != nullptr, "memory for a hundred bytes");
  std::memcpy(p->metadata, text.data(), text.size());
  p->metadata_size = text.size();
  rd_kafka_consumer_group_metadata_t* group = rd_kafka_consumer_group_metadata_new(names_.id.c_str());
  rd_kafka_error_t* error = rd_kafka_send_offsets_to_transaction(producer_->get(), offsets, group, left_ms());
  rd_kafka_consumer_group_metadata_destroy(group);
  rd_kafka_topic_partition_list_destroy(offsets);
  if (error != nullptr) return fail(explain(error));
  return {};
}

Status KafkaTransactions::commit(const BatchId& id) {
  const Status done = end();
  open_ = false;  // or in doubt
  if (done) {
    known_ = id;
    return {};
  }
  log::warn("Kafka gave no clear answer to a commit, looking it up",
            {{"sink", names_.place}, {"batch", fmt::format("{}", id.number.value)}, {"reason", done.error().text()}});
  settle();
  TRY(ready());
  if (known_ == id) {
    log::info("the batch was committed", {{"sink", names_.place}, {"batch", fmt::format("{}", id.number.value)}});
    return {};
  }
  return fail(done.error().fault == Fault::config
                  ? done.error()
                  : Error{Fault::external, Retry::with_backoff,
                          "the transaction was not committed, it is sent again: " + done.error().message,
                          names_.place});
}

Status KafkaTransactions::end() {
  TRY(fault_point("kafka_sink.commit"));  // the request is lost
  if (rd_kafka_error_t* error = rd_kafka_commit_transaction(producer_->get(), left_ms())) return fail(explain(error));
  return fault_point("kafka_sink.committed");  // its answer is lost
}

void KafkaTransactions::abort() {
  if (!std::exchange(open_, false)) return;
  if (rd_kafka_error_t* error = rd_kafka_abort_transaction(producer_->get(), abort_ms))
    log::info("an aborted transaction stays open until its successor ends it", {{"reason", explain(error).text()}});
}

void KafkaTransactions::settle() {
  abort();
  producer_.reset();
}

Status KafkaTransactions::claim() {
  TRY(ready());
  const BatchId id{writer_, epoch_, known_.number, known_.plan_hash};
  Status done = begin();
  if (done) done = remember(id);
  if (done) return commit(id);
  settle();
  return done;
}

Error KafkaTransactions::explain(rd_kafka_error_t* error) const {
  const int code = rd_kafka_error_code(error);
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  if (is_fenced(code))
    return {Fault::external, Retry::with_backoff, "another producer took over, or a transaction took too long: " + text,
            names_.place};
  if (code == RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT)
    return {Fault::config, Retry::no,
            "the broker's transaction.max.timeout.ms is below this sink's `timeout` and 10 s: " + text, names_.place};
  if (code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION || code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE)
    return {Fault::config, Retry::no,
            "this broker lacks what exactly once needs, write `guarantee: at_least_once`: " + text, names_.place};
  return to_error(code, text, names_.place);
}

Error KafkaTransactions::foreign(const std::string& why) const {
  return {Fault::config, Retry::no,
          fmt::format("another writer owns this: {}; go on with that checkpoint, or give this sink or the pipeline "
                      "another name; if the other is gone for good, delete consumer group {}",
                      why, names_.id),
          names_.place};
}

}  // namespace weir
