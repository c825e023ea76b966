#pragma once
// Where rows go. Threads: plain values.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "config/about.h"

namespace weir {

enum class FileFormat { parquet, json, csv };
enum class SchemaChange { merge, fail };
enum class KafkaGuarantee { exactly_once, at_least_once };

constexpr auto names_of(FileFormat) {
  return std::array{Named<FileFormat>{FileFormat::parquet, "parquet"},
                    Named<FileFormat>{FileFormat::json, "json", "one object a line"},
                    Named<FileFormat>{FileFormat::csv, "csv", "with a header line"}};
}
constexpr auto names_of(SchemaChange) {
  return std::array{Named<SchemaChange>{SchemaChange::merge, "merge", "columns that the table lacks are added to it"},
                    Named<SchemaChange>{SchemaChange::fail, "fail", "the pipeline does not start"}};
}
constexpr auto names_of(KafkaGuarantee) {
  return std::array{Named<KafkaGuarantee>{
                        KafkaGuarantee::exactly_once, "exactly_once",
                        "a batch is one transaction; readers with isolation.level read_committed see each row once"},
                    Named<KafkaGuarantee>{KafkaGuarantee::at_least_once, "at_least_once",
                                          "a batch that is sent again after a crash is there twice"}};
}

struct RollSpec {
  std::optional<Bytes> size;
  std::optional<std::uint64_t> rows;
};

template <class V>
void describe(V& v, RollSpec& s) {
  v.field(
      "size", s.size,
      {.doc = "A new file begins after so many bytes.", .min = 1, .default_text = "one file a batch and partition"});
  v.field("rows", s.rows,
          {.doc = "A new file begins after so many rows.", .min = 1, .default_text = "one file a batch and partition"});
}

struct FileSinkSpec {
  FileFormat format = FileFormat::parquet;
  std::string path;  // resolved directory
  std::vector<std::string> partition_by;
  std::string compression;  // parquet: zstd (default) snappy gzip none; json and csv: none (default) gzip zstd
  RollSpec roll;
};

template <class V>
void describe(V& v, FileSinkSpec& s) {
  v.field("format", s.format, {.doc = "Of the files."});
  v.field("path", s.path,
          {.doc = "Folder the files go to; made where it is not there.", .required = true, .text = Text::path});
  v.field("partition_by", s.partition_by,
          {.doc = "Columns whose values become folders, name=value.", .example = "[event_date]"});
  v.field("compression", s.compression,
          {.doc = "parquet: zstd, snappy, gzip, none; json and csv: none, gzip, zstd.",
           .allowed = {"none", "gzip", "zstd", "snappy"},
           .default_text = "zstd of parquet, else none"});
  v.field("roll", s.roll, {.doc = "When a new file begins within a batch."});
}

struct DeltaSinkSpec {
  std::string path;  // resolved directory
  std::vector<std::string> partition_by;
  SchemaChange schema = SchemaChange::merge;
};

template <class V>
void describe(V& v, DeltaSinkSpec& s) {
  v.field("path", s.path,
          {.doc = "Folder of the table, which the first rows make where it is not there; others may append to it, too.",
           .required = true,
           .text = Text::path});
  v.field("partition_by", s.partition_by,
          {.doc = "Columns that the table is partitioned by: few values each. The empty text becomes null.",
           .example = "[event_date]"});
  v.field("schema", s.schema, {.doc = "What happens where the rows have a column that the table lacks."});
}

struct KafkaSinkSpec {
  std::string connection;
  std::string topic;
  std::string key;  // column; empty: no key
  KafkaGuarantee guarantee = KafkaGuarantee::exactly_once;
  std::string compression = "lz4";             // none gzip snappy lz4 zstd
  std::map<std::string, std::string> headers;  // name -> column
};

template <class V>
void describe(V& v, KafkaSinkSpec& s) {
  v.field("connection", s.connection, {.doc = "Name of a connection.", .required = true});
  v.field("topic", s.topic, {.doc = "Topic that rows go to, as JSON.", .required = true});
  v.field("key", s.key, {.doc = "Column whose value is the record's key.", .default_text = "no key"});
  v.field("guarantee", s.guarantee, {.doc = "What a crash may do."});
  v.field("compression", s.compression,
          {.doc = "Of the batches sent.", .allowed = {"none", "gzip", "snappy", "lz4", "zstd"}});
  v.field("headers", s.headers, {.doc = "Headers of each record: their name, and the column of their value."});
  v.later("on_delete");
}

struct ConsoleSinkSpec {
  std::uint32_t rows = 20;  // shown a batch
};

template <class V>
void describe(V& v, ConsoleSinkSpec& s) {
  v.field("rows", s.rows, {.doc = "Rows shown of each batch.", .min = 1, .max = 10'000});
}

struct RetrySpec {
  std::chrono::microseconds first{200'000};
  std::chrono::microseconds max{30'000'000};
};

template <class V>
void describe(V& v, RetrySpec& s) {
  v.field("first", s.first, {.doc = "Wait before the first retry; doubled each time.", .min = 0.001});
  v.field("max", s.max, {.doc = "Longest wait.", .min = 0.001});
}

struct SinkSpec {
  static constexpr bool keyed_by_name = true;
  std::string name;
  std::string from;
  std::string type;  // file | delta | kafka | console
  FileSinkSpec file;
  DeltaSinkSpec delta;
  KafkaSinkSpec kafka;
  ConsoleSinkSpec console;
  RetrySpec retry;
  std::chrono::microseconds timeout{60'000'000};
};

// What a sink and the dead letters have in common: all but `from`.
template <class V>
void describe_target(V& v, SinkSpec& s) {
  v.choice("type", s.type, {.doc = "What is written.", .required = true},
           Alternative{"file", s.file, "Files in a folder, exactly once."},
           Alternative{"delta", s.delta, "A Delta table in a folder, exactly once."},
           Alternative{"kafka", s.kafka, "A Kafka topic, exactly once by default."},
           Alternative{"console", s.console, "The terminal, at least once; for trials."}, LaterAlternative{"postgres"},
           LaterAlternative{"exec"});
  v.field("retry", s.retry, {.doc = "How a failed write is tried again; it never gives up by itself."});
  v.field(
      "timeout", s.timeout,
      {.doc = "A write to Kafka that takes longer has failed; files and the terminal are waited for.", .min = 0.001});
}

template <class V>
void describe(V& v, SinkSpec& s) {
  v.field("from", s.from, {.doc = "The source or step whose rows it takes.", .required = true});
  describe_target(v, s);
}

}  // namespace weir
