#pragma once
// Where rows go. Threads: plain values.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"

namespace weir {

enum class FileFormat { parquet, json, csv };
enum class KafkaGuarantee { exactly_once, at_least_once };

struct RollSpec {
  std::optional<Bytes> size;
  std::optional<std::uint64_t> rows;
};

struct FileSinkSpec {
  FileFormat format = FileFormat::parquet;
  std::string path;  // resolved directory
  std::vector<std::string> partition_by;
  std::string compression;  // parquet: zstd (default) snappy gzip none; json and csv: none (default) gzip zstd
  RollSpec roll;
};

struct KafkaSinkSpec {
  std::string connection;
  std::string topic;
  std::string key;  // column; empty: no key
  KafkaGuarantee guarantee = KafkaGuarantee::at_least_once;
  std::string compression = "lz4";             // none gzip snappy lz4 zstd
  std::map<std::string, std::string> headers;  // name -> column
};

struct ConsoleSinkSpec {
  std::uint32_t rows = 20;  // shown a batch
};

struct RetrySpec {
  std::chrono::microseconds first{200'000};
  std::chrono::microseconds max{30'000'000};
};

struct SinkSpec {
  std::string name;
  std::string from;
  std::string type;  // file | kafka | console
  FileSinkSpec file;
  KafkaSinkSpec kafka;
  ConsoleSinkSpec console;
  RetrySpec retry;
  std::chrono::microseconds timeout{60'000'000};
};

}  // namespace weir
