#pragma once
// Where records come from. Threads: plain values.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "config/contract_spec.h"

namespace weir {

enum class OnDataLoss { fail, go_on };  // YAML: fail | continue
enum class MetadataColumn { key, topic, partition, offset, timestamp, headers };

// `start`: exactly one of the three.
struct StartSpec {
  enum class Kind { earliest, latest, timestamp, offsets };
  Kind kind = Kind::earliest;
  Micros timestamp;
  std::map<std::string, std::map<std::int32_t, std::int64_t>> offsets;  // topic -> partition -> offset
};

struct RateLimitSpec {
  std::optional<std::uint64_t> records_per_second;
  std::optional<std::uint64_t> per_partition;  // records a second of each partition
};

struct FormatSpec {
  std::string type = "json";
  std::string contract_file;  // resolved path; empty for an inline contract
  ContractSpec contract;      // loaded
};

struct WatermarkSpec {
  std::string column;
  std::chrono::microseconds delay{0};
  enum class Across { partitions, max };
  Across across = Across::partitions;
  std::optional<std::chrono::microseconds> idle_after;
  std::optional<std::chrono::microseconds> max_future;
};

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

struct RateSourceSpec {
  std::uint64_t rows_per_second = 1;
  std::int32_t partitions = 1;
  std::optional<std::uint64_t> rows;  // stop after so many; default: never
};

struct SourceSpec {
  std::string name;
  std::string type;  // kafka | rate
  KafkaSourceSpec kafka;
  RateSourceSpec rate;
  std::optional<WatermarkSpec> watermark;
};

}  // namespace weir
