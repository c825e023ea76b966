#pragma once
// Where records come from. Threads: plain values.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "config/about.h"
#include "config/contract_spec.h"

namespace weir {

enum class OnDataLoss { fail, go_on };  // YAML: fail | continue
enum class MetadataColumn { key, topic, partition, offset, timestamp, headers };

constexpr auto names_of(OnDataLoss) {
  return std::array{
      Named<OnDataLoss>{OnDataLoss::fail, "fail", "stop and say which offsets are gone"},
      Named<OnDataLoss>{OnDataLoss::go_on, "continue", "go on with what is there, and count what is not"}};
}
constexpr auto names_of(MetadataColumn) {
  return std::array{Named<MetadataColumn>{MetadataColumn::key, "key"},
                    Named<MetadataColumn>{MetadataColumn::topic, "topic"},
                    Named<MetadataColumn>{MetadataColumn::partition, "partition"},
                    Named<MetadataColumn>{MetadataColumn::offset, "offset"},
                    Named<MetadataColumn>{MetadataColumn::timestamp, "timestamp"},
                    Named<MetadataColumn>{MetadataColumn::headers, "headers"}};
}

// `start`: exactly one of the three.
struct StartSpec {
  static constexpr bool forms = true;
  enum class Kind { earliest, latest, timestamp, offsets };
  Kind kind = Kind::earliest;
  Micros timestamp;
  std::map<std::string, std::map<std::int32_t, std::int64_t>> offsets;  // topic -> partition -> offset
};

template <class V>
void describe(V& v, StartSpec& s) {
  v.word("earliest", s.kind, StartSpec::Kind::earliest, "the oldest record there is");
  v.word("latest", s.kind, StartSpec::Kind::latest, "only what comes after the first start");
  v.text(s.timestamp, s.kind, StartSpec::Kind::timestamp,
         {.doc = "the first record at or after this time", .example = "2026-01-31T08:00:00Z"});
  v.map(s.offsets, s.kind, StartSpec::Kind::offsets,
        {.doc = "offsets by topic and partition; others from the earliest",
         .min = 0,
         .example = "{payments: {0: 1200, 1: 1350}}"});
}

struct RateLimitSpec {
  std::optional<std::uint64_t> records_per_second;
  std::optional<std::uint64_t> per_partition;  // records a second of each partition
};

template <class V>
void describe(V& v, RateLimitSpec& s) {
  v.field("records_per_second", s.records_per_second,
          {.doc = "Of the whole source.", .min = 1, .default_text = "no limit"});
  v.field("per_partition", s.per_partition,
          {.doc = "Records a second of each partition.", .min = 1, .default_text = "no limit"});
}

struct FormatSpec {
  std::string type = "json";
  std::string contract_file;  // resolved path; empty for an inline contract
  ContractSpec contract;      // loaded
};

template <class V>
void describe(V& v, FormatSpec& s) {
  v.field("type", s.type,
          {.doc = "How a record's bytes are read.",
           .required = true,
           .allowed = {"json"},
           .later_allowed = {"csv", "avro", "protobuf", "text", "raw"}});
  v.file_or_inline("contract", s.contract_file, s.contract,
                   {.doc = "File of the schema contract, the name of one under `contracts`, or the contract itself.",
                    .required = true,
                    .example = "contracts/payment.v1.yaml"});
}

struct WatermarkSpec {
  std::string column;
  std::chrono::microseconds delay{0};
  enum class Across { partitions, max };
  Across across = Across::partitions;
  std::optional<std::chrono::microseconds> idle_after;
  std::optional<std::chrono::microseconds> max_future;
};

constexpr auto names_of(WatermarkSpec::Across) {
  return std::array{Named<WatermarkSpec::Across>{WatermarkSpec::Across::partitions, "partitions",
                                                 "the slowest active partition holds it"},
                    Named<WatermarkSpec::Across>{WatermarkSpec::Across::max, "max",
                                                 "the newest record of all partitions leads it, as in Spark"}};
}

template <class V>
void describe(V& v, WatermarkSpec& s) {
  v.field("column", s.column, {.doc = "The column of the event time.", .required = true, .example = "event_time"});
  v.field("delay", s.delay,
          {.doc = "How long late records are waited for.", .required = true, .min = 0, .example = "10m"});
  v.field("across", s.across, {.doc = "How partitions come together."});
  v.field("idle_after", s.idle_after,
          {.doc = "A partition read to its end for this long does not hold the watermark.",
           .min = 0,
           .default_text = "never"});
  v.field("max_future", s.max_future,
          {.doc = "Records further ahead of the clock are dead letters, EVENT_TIME_IN_FUTURE.",
           .min = 0,
           .default_text = "no limit"});
}

struct KafkaSourceSpec {
  std::string connection;
  std::vector<std::string> topics;
  std::string topic_pattern;  // RE2, whole name; instead of topics
  StartSpec start;
  std::uint64_t max_records = 500'000;
  Bytes max_bytes{std::uint64_t{256} << 20};
  RateLimitSpec rate;
  OnDataLoss on_data_loss = OnDataLoss::fail;
  FormatSpec format;
  std::vector<MetadataColumn> metadata;
  std::optional<std::string> group;  // whose committed offsets outside tools see; default weir-<pipeline>
};

template <class V>
void describe(V& v, KafkaSourceSpec& s) {
  v.field("connection", s.connection, {.doc = "Name of a connection.", .required = true});
  v.field("topics", s.topics,
          {.doc = "The topics that are read. Either this or topic_pattern.", .example = "[payments]"});
  v.field("topic_pattern", s.topic_pattern,
          {.doc = "Regular expression (RE2) of whole topic names; new topics join while running."});
  v.field("start", s.start, {.doc = "Where to begin when the checkpoint holds nothing yet."});
  v.field("max_records", s.max_records, {.doc = "Most records of a batch.", .min = 1, .max = 100e6});
  v.field("max_bytes", s.max_bytes, {.doc = "Most bytes of a batch.", .min = 1});
  v.field("rate", s.rate, {.doc = "Limits of the reading speed."});
  v.field("on_data_loss", s.on_data_loss,
          {.doc = "Offsets that are gone from Kafka before they were read, or a topic made anew."});
  v.field("format", s.format, {.doc = "How records are read, and the contract that holds them.", .required = true});
  v.field("metadata", s.metadata, {.doc = "Columns of the record's envelope, named _key, _topic and so on."});
  v.field("group", s.group,
          {.doc = "Consumer group whose offsets outside lag tools see; Weir never reads them back.",
           .default_text = "weir-<pipeline>"});
}

struct RateSourceSpec {
  std::uint64_t rows_per_second = 1;
  std::int32_t partitions = 1;
  std::optional<std::uint64_t> rows;  // stop after so many; default: never
};

template <class V>
void describe(V& v, RateSourceSpec& s) {
  v.field("rows_per_second", s.rows_per_second, {.doc = "Of all partitions together.", .min = 1, .max = 1e9});
  v.field("partitions", s.partitions,
          {.doc = "How many partitions the rows are spread over.", .min = 1, .max = 10'000});
  v.field("rows", s.rows, {.doc = "Ends after so many rows.", .min = 1, .default_text = "never ends"});
}

struct SourceSpec {
  static constexpr bool keyed_by_name = true;
  std::string name;
  std::string type;  // kafka | rate
  KafkaSourceSpec kafka;
  RateSourceSpec rate;
  std::optional<WatermarkSpec> watermark;
};

template <class V>
void describe(V& v, SourceSpec& s) {
  v.choice("type", s.type, {.doc = "What is read.", .required = true},
           Alternative{"kafka", s.kafka, "Topics of a Kafka cluster."},
           Alternative{"rate", s.rate, "Rows made up at a given speed, the same each time; for tests and trials."},
           LaterAlternative{"file"}, LaterAlternative{"delta"});
  v.field("watermark", s.watermark,
          {.doc = "Event time, and how long late records are waited for.", .default_text = "none"});
}

}  // namespace weir
