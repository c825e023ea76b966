#pragma once
// Holds raw records as a source gave them: bytes of key and value, headers, place and time. Null, empty and present
// are three different things for keys and values.
//
// Ownership: views point into memory that `owner` keeps alive. Threads: immutable once made.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace weir {

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;
};

// The timestamp of a record to which the broker gave none.
inline constexpr Micros no_timestamp{-1};

struct Stream {  // one partition of one topic
  std::string topic;
  PartitionId partition;
};

struct Record {
  const char* value = nullptr;  // nullptr: a null value (tombstone)
  const char* key = nullptr;    // nullptr: a null key
  std::uint32_t value_size = 0;
  std::uint32_t key_size = 0;
  Offset offset;
  Micros timestamp;
  std::uint32_t stream = 0;  // index into RecordBatch::streams
  std::uint32_t headers_begin = 0;
  std::uint32_t headers_count = 0;

  std::optional<std::string_view> value_view() const {
    return value == nullptr ? std::nullopt : std::optional(std::string_view(value, value_size));
  }
  std::optional<std::string_view> key_view() const {
    return key == nullptr ? std::nullopt : std::optional(std::string_view(key, key_size));
  }
};

struct RecordBatch {
  std::vector<Stream> streams;  // ordered by topic and partition
  std::vector<Record> records;  // ordered by stream, then offset
  std::vector<Header> headers;
  std::shared_ptr<const void> owner;
  Bytes bytes;  // keys and values
};

}  // namespace weir
