// The properties of librdkafka that a user may set.
#include <algorithm>
#include <array>

#include "config/rules.h"

namespace weir {
namespace {

// Sizes, waits and addresses: they cost or save time, they cannot lose or double a record. What has a key in
// Weir's own YAML (credentials, topics, compression) and what a promise rests on (offsets, isolation,
// idempotence) is absent.
constexpr std::array<std::string_view, 32> allowed{
    "batch.num.messages",
    "batch.size",
    "broker.address.family",
    "broker.address.ttl",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "connections.max.idle.ms",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.queue.backoff.ms",
    "fetch.wait.max.ms",
    "linger.ms",
    "max.partition.fetch.bytes",
    "message.max.bytes",
    "metadata.max.age.ms",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "queued.max.messages.kbytes",
    "queued.min.messages",
    "receive.message.max.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.nagle.disable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
};

}  // namespace

bool is_kafka_property_allowed(std::string_view name) {
  return std::find(allowed.begin(), allowed.end(), name) != allowed.end();
}

}  // namespace weir
