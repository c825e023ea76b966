#pragma once
// What Kafka remembers of a transactional sink: who wrote its newest batch. It stands as metadata beside an offset of a
// consumer group of the sink's own, hung on partition 0 of its topic, and is committed in the transaction of the rows.
//
//   {"format":1,"writer":"6f1c...","epoch":3,"batch":12,"plan":"00a1b2c3d4e5f607"}
//
// The offset itself is the batch number, for people. Batch 0: the writer began, and no batch has come yet.
//
// Threads: pure functions; read_memory waits. Errors: Fault::config for a text that is not ours, or of a newer Weir, and for
// missing rights; Fault::external where nobody answers in time.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "config/connection_spec.h"
#include "connectors/sink.h"

namespace weir {

inline constexpr PartitionId memory_partition{0};

std::string encode_memory(const BatchId& id);
Result<BatchId> decode_memory(std::string_view text);

// decided: waits while a transaction that changes the memory is open. newest: what was committed last, without waiting.
enum class Recall { decided, newest };
// nullopt: Kafka remembers nothing. It makes a client for this one question: librdkafka 2.15 asks it safely through a consumer
// of that group only (an admin client crashes where the coordinator has moved).
Result<std::optional<BatchId>> read_memory(const ConnectionSpec& connection, const std::string& group,
                                           const std::string& topic, Recall recall, std::chrono::milliseconds timeout,
                                           const Clock& clock);

// The name of a sink in Kafka, as transactional id and as group: two checkpoints of one pipeline fence each other.
std::string kafka_sink_id(std::string_view pipeline, std::string_view sink);

}  // namespace weir
