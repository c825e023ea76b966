#pragma once
// Says which records of a source a batch takes, and where a source stands between batches.
//
// Threads: plain values.

#include <string>
#include <vector>

#include "base/types.h"

namespace weir {

// Records [begin, end) of one partition. `end` is the last record's offset plus one, so a replay stops at the first
// record at or past `end`, or at the partition's end. A source without topics uses the topic "" .
struct PartitionRange {
  std::string topic;
  PartitionId partition;
  Offset begin;
  Offset end;
  std::string topic_id = {};  // Kafka's UUID of the topic: a topic made anew has another; empty where unknown
  bool operator==(const PartitionRange&) const = default;
};

// All partitions that a source knew, those without new records too ([x, x)), ordered by topic and partition.
using SourceRanges = std::vector<PartitionRange>;

// Where to read next, one entry a known partition, in the same order.
struct PartitionPosition {
  std::string topic;
  PartitionId partition;
  Offset next;
  std::string topic_id = {};
  bool operator==(const PartitionPosition&) const = default;
};
using Position = std::vector<PartitionPosition>;

inline Position end_of(const SourceRanges& ranges) {
  Position position;
  position.reserve(ranges.size());
  for (const PartitionRange& r : ranges) position.push_back({r.topic, r.partition, r.end, r.topic_id});
  return position;
}

}  // namespace weir
