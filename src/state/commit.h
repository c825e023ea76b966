#pragma once
// Records that a batch is done: under which plan, what each sink has, and the balanced books. Written in one synced step
// with the batch's state changes; the position after batch N is end_of() the ranges of plan N.
//
// As text a commit is one canonical JSON line, under the same rules as a plan (plan.h).
//
// Threads: plain values. Errors: decode_commit gives Fault::config for a newer format, Fault::data for damage.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace weir {

struct SinkLanded {
  std::string sink;
  std::uint64_t rows = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  BatchNumber batch = {};  // the newest batch that gave it rows, this one or an earlier; 0: none yet
  bool operator==(const SinkLanded&) const = default;
};

// Rows that left the pipeline without a sink: `reason` is a Code or a DropReason as text.
struct ReasonCount {
  std::string reason;
  std::uint64_t rows = 0;
  bool operator==(const ReasonCount&) const = default;
};

struct BookTotals {
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;
  std::uint64_t held = 0;  // in state
  std::vector<ReasonCount> left = {};
  bool operator==(const BookTotals&) const = default;
};

// Highest event time seen in a partition so far; what the watermark starts from after a restart.
struct PartitionTime {
  std::string source;
  std::string topic;
  PartitionId partition;
  Micros event_time;
  bool operator==(const PartitionTime&) const = default;
};

struct Commit {
  BatchNumber number;
  std::uint64_t plan_hash = 0;
  Epoch epoch;
  Micros time;
  BookTotals books = {};
  std::vector<SinkLanded> sinks = {};
  std::vector<PartitionTime> times = {};
  bool operator==(const Commit&) const = default;
};

inline constexpr int commit_format = 1;

std::string encode(const Commit& commit);
Result<Commit> decode_commit(std::string_view text);

}  // namespace weir
