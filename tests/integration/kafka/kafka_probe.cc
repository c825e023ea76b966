// Calls KafkaSource and KafkaSink as the tests say: one JSON command a line on stdin, one JSON answer a line on stdout.
#include <cstdio>
#include <iostream>
#include <string>

#include "base/crash_point.h"
#include "base/json.h"
#include "base/log.h"
#include "connectors/kafka_sink.h"
#include "connectors/kafka_source.h"
#include "sql/session.h"

namespace weir {
namespace {

constexpr std::size_t shown_max = 1000;  // longer values answer with their size only

Json to_json(const Position& position) {
  Json out = Json::array();
  for (const PartitionPosition& p : position)
    out.push_back({{"topic", p.topic}, {"partition", p.partition.value}, {"next", p.next.value}, {"id", p.topic_id}});
  return out;
}

Json to_json(const SourceRanges& ranges) {
  Json out = Json::array();
  for (const PartitionRange& r : ranges)
    out.push_back({{"topic", r.topic},
                   {"partition", r.partition.value},
                   {"begin", r.begin.value},
                   {"end", r.end.value},
                   {"id", r.topic_id}});
  return out;
}

Json text_or_null(std::optional<std::string_view> bytes) {
  if (!bytes) return nullptr;
  return bytes->size() > shown_max ? Json(bytes->size()) : Json(*bytes);
}

Json to_json(const Fetched& fetched, bool records) {
  Json list = Json::array();
  const RecordBatch& batch = fetched.records;
  for (std::size_t i = 0; records && i < batch.records.size(); ++i) {
    const Record& r = batch.records[i];
    Json headers = Json::array();
    for (std::uint32_t h = 0; h < r.headers_count; ++h) {
      const Header& header = batch.headers[r.headers_begin + h];
      headers.push_back({header.name, text_or_null(header.value)});
    }
    const Stream& stream = batch.streams[r.stream];
    list.push_back({{"topic", stream.topic},
                    {"partition", stream.partition.value},
                    {"offset", r.offset.value},
                    {"key", text_or_null(r.key_view())},
                    {"value", text_or_null(r.value_view())},
                    {"timestamp", r.timestamp.value},
                    {"headers", headers}});
  }
  return {{"count", batch.records.size()},
          {"bytes", batch.bytes.value},
          {"reached", fetched.reached_until},
          {"ranges", to_json(fetched.ranges)},
          {"records", list}};
}

Position position_of(const Json& list) {
  Position position;
  for (const Json& p : list)
    position.push_back({p.at("topic"), PartitionId(p.at("partition")), Offset(p.at("next")), p.value("id", "")});
  return position;
}

SourceRanges ranges_of(const Json& list) {
  SourceRanges ranges;
  for (const Json& r : list)
    ranges.push_back(
        {r.at("topic"), PartitionId(r.at("partition")), Offset(r.at("begin")), Offset(r.at("end")), r.value("id", "")});
  return ranges;
}

ConnectionSpec connection_of(const Json& c) {
  ConnectionSpec spec;
  spec.name = "main";
  spec.brokers = c.at("brokers").get<std::vector<std::string>>();
  if (c.contains("properties")) spec.properties = c.at("properties").get<std::map<std::string, std::string>>();
  const Json s = c.value("security", Json::object());
  const std::string protocol = s.value("protocol", "PLAINTEXT");
  spec.security.protocol = protocol == "SSL"              ? SecurityProtocol::ssl
                           : protocol == "SASL_SSL"       ? SecurityProtocol::sasl_ssl
                           : protocol == "SASL_PLAINTEXT" ? SecurityProtocol::sasl_plaintext
                                                          : SecurityProtocol::plaintext;
  const std::string mechanism = s.value("mechanism", "PLAIN");
  spec.security.mechanism = mechanism == "SCRAM-SHA-256"   ? SaslMechanism::scram_sha_256
                            : mechanism == "SCRAM-SHA-512" ? SaslMechanism::scram_sha_512
                            : mechanism == "OAUTHBEARER"   ? SaslMechanism::oauthbearer
                                                           : SaslMechanism::plain;
  spec.security.username = s.value("username", "");
  spec.security.password = Secret(s.value("password", ""));
  spec.security.ca_file = s.value("ca_file", "");
  spec.security.certificate_file = s.value("certificate_file", "");
  spec.security.key_file = s.value("key_file", "");
  spec.security.verify_hostname = s.value("verify_hostname", true);
  spec.security.token_url = s.value("token_url", "");
  spec.security.client_id = s.value("client_id", "");
  spec.security.client_secret = Secret(s.value("client_secret", ""));
  return spec;
}

KafkaSourceOptions source_of(const Json& c) {
  KafkaSourceOptions options;
  options.name = "probe";
  options.pipeline = "probe";
  options.connection = connection_of(c);
  KafkaSourceSpec& spec = options.spec;
  spec.topics = c.value("topics", std::vector<std::string>());
  spec.topic_pattern = c.value("pattern", "");
  const Json start = c.value("start", Json("earliest"));
  if (start == "latest") spec.start.kind = StartSpec::Kind::latest;
  if (start.is_number()) {
    spec.start.kind = StartSpec::Kind::timestamp;
    spec.start.timestamp = Micros(start);
  }
  if (start.is_object()) {
    spec.start.kind = StartSpec::Kind::offsets;
    for (const auto& [topic, partitions] : start.items())
      for (const auto& [partition, offset] : partitions.items())
        spec.start.offsets[topic][std::stoi(partition)] = offset;
  }
  spec.max_records = c.value("max_records", spec.max_records);
  spec.on_data_loss = c.value("on_data_loss", "fail") == "continue" ? OnDataLoss::go_on : OnDataLoss::fail;
  if (c.contains("records_per_second")) spec.rate.records_per_second = c.at("records_per_second").get<std::uint64_t>();
  if (c.contains("per_partition")) spec.rate.per_partition = c.at("per_partition").get<std::uint64_t>();
  options.queue_memory = Bytes(c.value("queue_memory", options.queue_memory.value));
  return options;
}

Json failed(const Error& error) {
  return {{"fault", to_string(error.fault)}, {"retry", error.retry == Retry::with_backoff}, {"error", error.text()}};
}

class Probe {
 public:
  Json answer(const Json& c) {
    const std::string verb = c.at("do");
    if (verb == "make") return make(c);
    if (verb == "make_sink") return make_sink(c);
    if (verb == "open_sink") return open_sink(c);
    if (verb == "landed") return landed();
    if (verb == "claim") return done(sink_->claim());
    if (verb == "arm") return arm(c);
    if (verb == "verify_sink" || verb == "write") return sink(c, verb);
    if (source_ == nullptr) return {{"fault", "internal"}, {"error", "no source is made"}};
    if (verb == "verify") return done(source_->verify());
    if (verb == "open")
      return done(
          source_->open(c.at("position").is_null() ? std::nullopt : std::optional(position_of(c.at("position")))));
    if (verb == "fetch") return fetch(c);
    if (verb == "read") {
      auto fetched = source_->read(ranges_of(c.at("ranges")));
      return fetched ? keep(std::move(*fetched), c) : failed(fetched.error());
    }
    if (verb == "end") {
      const auto end = source_->end();
      return end ? Json{{"end", to_json(*end)}} : failed(end.error());
    }
    if (verb == "lag") return lag();
    if (verb == "report") {
      source_->report(position_of(c.at("position")));
      return Json::object();
    }
    if (verb == "losses") return {{"losses", source_->data_losses()}};
    return {{"fault", "internal"}, {"error", "unknown command " + verb}};
  }

 private:
  static Json done(const Status& status) { return status ? Json::object() : failed(status.error()); }

  Json make(const Json& c) {
    source_.reset();
    auto source = KafkaSource::make(source_of(c), clock_);
    if (!source) return failed(source.error());
    source_ = std::move(*source);
    return Json::object();
  }

  Json make_sink(const Json& c) {
    sink_.reset();
    KafkaSinkOptions options;
    options.connection = connection_of(c);
    options.pipeline = c.value("pipeline", "probe");
    options.spec.name = "probe";
    if (c.value("guarantee", "exactly_once") == "at_least_once")
      options.spec.kafka.guarantee = KafkaGuarantee::at_least_once;
    options.spec.kafka.topic = c.at("topic");
    options.spec.kafka.key = c.value("key", "");
    options.spec.kafka.compression = c.value("compression", options.spec.kafka.compression);
    if (c.contains("headers")) options.spec.kafka.headers = c.at("headers").get<std::map<std::string, std::string>>();
    options.spec.timeout = std::chrono::milliseconds(c.value("timeout_ms", 30'000));
    auto sink = KafkaSink::make(std::move(options), clock_);
    if (!sink) return failed(sink.error());
    sink_ = std::move(*sink);
    return Json::object();
  }

  Json open_sink(const Json& c) {
    writer_ = c.value("writer", "writer");
    epoch_ = Epoch(c.value("epoch", std::uint64_t{1}));
    return done(sink_->open(writer_, epoch_));
  }

  Json landed() {
    const auto id = sink_->landed();
    if (!id) return failed(id.error());
    if (!*id) return Json::object();
    return {{"writer", (*id)->writer},
            {"epoch", (*id)->epoch.value},
            {"number", (*id)->number.value},
            {"plan", (*id)->plan_hash}};
  }

  static Json arm(const Json& c) {
    arm_fault(c.at("point").get<std::string>(), c.value("hit", 1), c.value("times", 1));
    return Json::object();
  }

  // The rows are what a statement of SQL gives.
  Json sink(const Json& c, const std::string& verb) {
    if (sink_ == nullptr) return {{"fault", "internal"}, {"error", "no sink is made"}};
    if (session_ == nullptr) session_ = *Session::open(SessionKind::io, {});
    const auto rows = session_->run(c.at("rows"));
    if (!rows) return failed(rows.error());
    if (verb == "verify_sink") return done(sink_->verify(rows->schema()));
    const auto written = sink_->write(
        BatchId{writer_, epoch_, BatchNumber(c.value("number", std::uint64_t{1})), c.value("plan", std::uint64_t{7})},
        *rows);
    if (!written) return failed(written.error());
    Json rejected = Json::array();
    for (const Rejected& r : written->rejected)
      rejected.push_back({{"src", r.src}, {"code", to_string(r.code)}, {"message", r.message}, {"step", r.step}});
    return {{"rows", written->rows},
            {"bytes", written->bytes},
            {"rejected", rejected},
            {"repeated", written->repeated},
            {"stored", written->stored}};
  }

  Json fetch(const Json& c) {
    FetchLimits limits;
    limits.records_max = c.value("records", limits.records_max);
    limits.bytes_max = Bytes(c.value("bytes", limits.bytes_max.value));
    limits.wait_max = std::chrono::milliseconds(c.value("wait_ms", 0));
    if (c.contains("until")) limits.until = position_of(c.at("until"));
    auto fetched = source_->fetch(limits);
    return fetched ? keep(std::move(*fetched), c) : failed(fetched.error());
  }

  // The batch before stays alive during the next fetch, as in the runner.
  Json keep(Fetched fetched, const Json& c) {
    before_ = std::move(now_);
    now_ = std::move(fetched);
    return to_json(now_, c.value("show", true));
  }

  Json lag() {
    Json out = Json::array();
    for (const PartitionLag& lag : source_->lag())
      out.push_back({{"topic", lag.topic},
                     {"partition", lag.partition.value},
                     {"records", lag.records ? Json(*lag.records) : Json(nullptr)},
                     {"age_us", lag.age ? Json(lag.age->count()) : Json(nullptr)}});
    return {{"lag", out}};
  }

  SystemClock clock_;
  std::string writer_ = "writer";
  Epoch epoch_{1};
  std::unique_ptr<KafkaSource> source_;
  std::unique_ptr<KafkaSink> sink_;
  std::shared_ptr<Session> session_;
  Fetched before_;
  Fetched now_;
};

int run() {
  Probe probe;
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto command = parse_json(line);
    if (!command) return 2;
    std::cout << dump_json(probe.answer(*command)) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace weir

int main() { return weir::run(); }
