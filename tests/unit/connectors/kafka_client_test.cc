#include "connectors/kafka_client.h"

#include <catch2/catch.hpp>

#include "connectors/kafka_consumer.h"

namespace weir {
namespace {

ConnectionSpec somewhere() {
  ConnectionSpec spec;
  spec.name = "main";
  spec.brokers = {"127.0.0.1:1"};
  return spec;
}

Error refused(const ConnectionSpec& spec) {
  const SystemClock clock;
  const auto client = KafkaClient::make(spec, KafkaRole::consumer, {}, {}, clock);
  REQUIRE_FALSE(client);
  CHECK(client.error().fault == Fault::config);
  return client.error();
}

}  // namespace

TEST_CASE("properties outside the allow-list are refused with the reason") {
  ConnectionSpec spec = somewhere();
  spec.properties = {{"group.id", "x"}};
  CHECK(refused(spec).text() ==
        "connections.main.properties.group.id: this property cannot be set: write `group` of the source");
  spec.properties = {{"sasl.password", "hunter2"}};
  CHECK(refused(spec).text().find("hunter2") == std::string::npos);
  spec.properties = {{"made.up", "1"}};
  CHECK(refused(spec).message.find("not in the list") != std::string::npos);
}

TEST_CASE(
    "every property of the allow-list is known to librdkafka, and a wrong value is refused without repeating it") {
  const std::map<std::string, std::string> other_values = {
      {"broker.address.family", "v4"},
      {"client.dns.lookup", "use_all_dns_ips"},
      {"client.id", "x"},
      {"client.rack", "r"},
      {"https.ca.location", ""},
      {"sasl.oauthbearer.extensions", "a=b"},
      {"ssl.cipher.suites", ""},
      {"ssl.crl.location", ""},
      {"ssl.curves.list", ""},
      {"ssl.sigalgs.list", ""},
      {"check.crcs", "true"},
      {"socket.nagle.disable", "true"},
      {"socket.keepalive.enable", "true"},
      {"compression.level", "1"},
      {"message.max.bytes", "2000000"},
      {"fetch.max.bytes", "60000000"},
      {"receive.message.max.bytes", "100000000"},
      {"topic.metadata.refresh.interval.ms", "1000"},
      {"reconnect.backoff.max.ms", "1000"},
      {"batch.size", "100000"},
      {"queue.buffering.max.kbytes", "1000"},
      {"fetch.message.max.bytes", "100000"},
      {"max.partition.fetch.bytes", "100000"},
      {"socket.connection.setup.timeout.ms", "5000"},
      {"socket.timeout.ms", "10000"},
      {"retry.backoff.ms", "100"},
      {"retry.backoff.max.ms", "1000"},
      {"request.timeout.ms", "1000"},
  };
  const SystemClock clock;
  for (const KafkaProperty& property : kafka_properties()) {
    INFO(property.name);
    CHECK_FALSE(property.what.empty());
    ConnectionSpec spec = somewhere();
    const auto it = other_values.find(std::string(property.name));
    spec.properties = {{std::string(property.name), it == other_values.end() ? "10" : it->second}};
    for (const KafkaRole role : {KafkaRole::consumer, KafkaRole::producer}) {
      const auto client = KafkaClient::make(spec, role, {}, {}, clock);
      if (!client) FAIL(client.error().text());
    }
  }
  ConnectionSpec spec = somewhere();
  spec.properties = {{"socket.timeout.ms", "soon"}};
  CHECK(refused(spec).message.find("socket.timeout.ms") != std::string::npos);
}

TEST_CASE("credentials must be complete") {
  ConnectionSpec spec = somewhere();
  spec.brokers.clear();
  CHECK(refused(spec).message == "`brokers` names no broker");
  spec = somewhere();
  spec.security.protocol = SecurityProtocol::sasl_ssl;
  spec.security.mechanism = SaslMechanism::scram_sha_512;
  spec.security.username = "u";
  CHECK(refused(spec).text() == "connections.main.security: SCRAM-SHA-512 needs username and password");
  spec.security.mechanism = SaslMechanism::oauthbearer;
  CHECK(refused(spec).message == "OAUTHBEARER needs token_url, client_id and client_secret");
  spec = somewhere();
  spec.security.protocol = SecurityProtocol::ssl;
  spec.security.ca_file = "/there/is/no/such.pem";
  CHECK(refused(spec).message.find("ssl.ca.location") != std::string::npos);
}

TEST_CASE("a description of a connection names the user and never the password") {
  ConnectionSpec spec = somewhere();
  spec.security.protocol = SecurityProtocol::sasl_ssl;
  spec.security.username = "weir";
  spec.security.password = Secret("hunter2");
  CHECK(describe_connection(spec) == "connection main (127.0.0.1:1, SASL_SSL, PLAIN, user weir)");
}

TEST_CASE("what waiting does not cure is a configuration fault, a broker that is away is not") {
  for (const int code :
       {-169 /* authentication */, -181 /* TLS */, 29 /* topic rights */, 3 /* unknown topic */, 58 /* SASL */}) {
    INFO(code);
    CHECK(to_error(code, "why", "place").fault == Fault::config);
  }
  for (const int code :
       {-195 /* transport */, -187 /* all brokers down */, -185 /* timed out */, -193 /* name */, 14, 7}) {
    INFO(code);
    const Error error = to_error(code, "why", "place");
    CHECK(error.fault == Fault::external);
    CHECK(error.retry == Retry::with_backoff);
    CHECK(error.text() == "place: Kafka cannot be used now: why");
  }
}

TEST_CASE("queues share the memory, and never go below what makes progress") {
  const auto value = [](const KafkaSettings& settings, const std::string& name) {
    for (const auto& [key, text] : settings)
      if (key == name) return std::stoull(text);
    FAIL(name);
    return 0ull;
  };
  for (const std::uint64_t memory : {std::uint64_t{1}, std::uint64_t{64} << 20, std::uint64_t{1} << 30})
    for (const std::size_t partitions : {std::size_t{0}, std::size_t{1}, std::size_t{4}, std::size_t{1000}}) {
      const auto settings = queue_settings(Bytes(memory), partitions);
      const auto bytes =
          value(settings, "queued.max.messages.kbytes") * 1024 + value(settings, "queued.min.messages") * 512;
      CHECK(bytes > 0);
      if (partitions > 0 && memory / partitions > 256 << 10) CHECK(bytes * partitions <= memory);
      CHECK(value(settings, "fetch.message.max.bytes") >= 64 << 10);
    }
}

}  // namespace weir
