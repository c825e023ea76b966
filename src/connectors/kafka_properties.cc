#include "connectors/kafka_properties.h"

#include <algorithm>

namespace weir {
namespace {

struct Refusal {
  std::string_view name;
  std::string_view reason;
};

// Those that people try, each with what to write instead.
const std::vector<Refusal>& refusals() {
  static const std::vector<Refusal> list = {
      {"acks", "a Kafka sink always waits for all in-sync replicas"},
      {"auto.offset.reset", "offsets are Weir's own: use `start` and `on_data_loss` of the source"},
      {"bootstrap.servers", "write `brokers` of the connection"},
      {"compression.codec", "write `compression` of the sink"},
      {"compression.type", "write `compression` of the sink"},
      {"debug", "librdkafka's debug output can hold records and tokens"},
      {"enable.auto.commit", "offsets are kept in the checkpoint"},
      {"enable.auto.offset.store", "offsets are kept in the checkpoint"},
      {"enable.idempotence", "a Kafka sink is always idempotent"},
      {"enable.partition.eof", "Weir needs the end of a partition to be told"},
      {"group.id", "write `group` of the source"},
      {"isolation.level", "Weir reads committed records only"},
      {"max.in.flight", "it is what idempotence needs"},
      {"max.in.flight.requests.per.connection", "it is what idempotence needs"},
      {"message.timeout.ms", "write `timeout` of the sink"},
      {"delivery.timeout.ms", "write `timeout` of the sink"},
      {"metadata.broker.list", "write `brokers` of the connection"},
      {"partitioner", "records are placed as Java's clients do (murmur2 of the key)"},
      {"plugin.library.paths", "it would load foreign code"},
      {"queued.max.messages.kbytes", "it follows from `resources.memory`"},
      {"queued.min.messages", "it follows from `resources.memory`"},
      {"sasl.mechanism", "write `security.mechanism` of the connection"},
      {"sasl.mechanisms", "write `security.mechanism` of the connection"},
      {"sasl.password", "write `security.password` of the connection, where it is kept secret"},
      {"sasl.username", "write `security.username` of the connection"},
      {"security.protocol", "write `security.protocol` of the connection"},
      {"ssl.ca.location", "write `security.ca_file` of the connection"},
      {"ssl.certificate.location", "write `security.certificate_file` of the connection"},
      {"ssl.endpoint.identification.algorithm", "write `security.verify_hostname` of the connection"},
      {"enable.ssl.certificate.verification", "certificates are always verified"},
      {"ssl.key.location", "write `security.key_file` of the connection"},
      {"ssl.key.password", "write `security.key_password` of the connection, where it is kept secret"},
      {"transactional.id", "it follows from the names of pipeline and sink"},
  };
  return list;
}

}  // namespace

const std::vector<KafkaProperty>& kafka_properties() {
  static const std::vector<KafkaProperty> list = {
      {"batch.num.messages", false, true, "records a request of the sink at most"},
      {"batch.size", false, true, "bytes a request of the sink at most"},
      {"broker.address.family", true, true, "any, v4 or v6"},
      {"broker.address.ttl", true, true, "milliseconds for which resolved addresses are kept"},
      {"check.crcs", true, false, "check the checksum of each record batch (on)"},
      {"client.dns.lookup", true, true, "use_all_dns_ips or resolve_canonical_bootstrap_servers_only"},
      {"client.id", true, true, "name in the broker's logs and quotas (weir)"},
      {"client.rack", true, false, "rack, to read from the nearest replica"},
      {"compression.level", false, true, "level of the sink's compression"},
      {"connections.max.idle.ms", true, true, "close idle connections after"},
      {"fetch.error.backoff.ms", true, false, "wait after a failed fetch"},
      {"fetch.max.bytes", true, false, "bytes a fetch response at most"},
      {"fetch.message.max.bytes", true, false, "bytes a partition and fetch at most"},
      {"fetch.min.bytes", true, false, "bytes for which the broker waits"},
      {"fetch.wait.max.ms", true, false, "for how long the broker waits for them"},
      {"https.ca.location", true, true, "certificates to check the token end point by"},
      {"linger.ms", false, true, "for how long the sink collects records for one request"},
      {"max.partition.fetch.bytes", true, false, "the same as fetch.message.max.bytes"},
      {"message.max.bytes", true, true, "bytes a request of the sink at most"},
      {"metadata.max.age.ms", true, true, "age at which cached metadata is dropped"},
      {"queue.buffering.max.kbytes", false, true, "bytes that the sink holds unsent at most"},
      {"queue.buffering.max.messages", false, true, "records that the sink holds unsent at most"},
      {"receive.message.max.bytes", true, true, "bytes of a response at most; also of a decompressed record batch"},
      {"reconnect.backoff.max.ms", true, true, "longest wait before connecting again (2 s)"},
      {"reconnect.backoff.ms", true, true, "first wait before connecting again"},
      {"request.timeout.ms", false, true, "how long the broker may take to have records acknowledged"},
      {"retry.backoff.max.ms", true, true, "longest wait before a request is repeated"},
      {"retry.backoff.ms", true, true, "first wait before a request is repeated"},
      {"sasl.oauthbearer.extensions", true, true, "SASL extensions of an OAUTHBEARER login"},
      {"socket.connection.setup.timeout.ms", true, true, "how long a connection may take to stand (10 s)"},
      {"socket.keepalive.enable", true, true, "TCP keep-alive (on)"},
      {"socket.nagle.disable", true, true, "TCP_NODELAY"},
      {"socket.receive.buffer.bytes", true, true, "receive buffer of the socket"},
      {"socket.send.buffer.bytes", true, true, "send buffer of the socket"},
      {"socket.timeout.ms", true, true, "how long a request may take (60 s)"},
      {"ssl.cipher.suites", true, true, "as OpenSSL writes them"},
      {"ssl.crl.location", true, true, "revoked certificates"},
      {"ssl.curves.list", true, true, "as OpenSSL writes them"},
      {"ssl.sigalgs.list", true, true, "as OpenSSL writes them"},
      {"topic.metadata.refresh.interval.ms", true, true, "how often new topics and partitions are looked for (10 s)"},
  };
  return list;
}

Status check_kafka_property(std::string_view name) {
  const auto& allowed = kafka_properties();
  if (std::any_of(allowed.begin(), allowed.end(), [&](const KafkaProperty& p) { return p.name == name; })) return {};
  for (const Refusal& refusal : refusals())
    if (refusal.name == name)
      return fail(Fault::config, "this property cannot be set: " + std::string(refusal.reason), std::string(name));
  return fail(Fault::config, "this property is not in the list of those that can be set (docs/reference: connections)",
              std::string(name));
}

Status check_kafka_properties(const std::map<std::string, std::string>& properties, const std::string& connection) {
  for (const auto& [name, value] : properties) {
    Status status = check_kafka_property(name);
    if (!status)
      return fail(Fault::config, status.error().message, "connections." + connection + ".properties." + name);
  }
  return {};
}

bool kafka_property_applies(std::string_view name, KafkaRole role) {
  for (const KafkaProperty& p : kafka_properties())
    if (p.name == name)
      return role == KafkaRole::consumer   ? p.consumer
             : role == KafkaRole::producer ? p.producer
                                           : p.consumer && p.producer;
  return false;
}

}  // namespace weir
