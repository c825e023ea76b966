#pragma once
// Logs every decision of a batch that is not a function of its input: what to read, under which spec and clock. A replay
// from the same plan gives the same bytes.
//
// As text a plan is one canonical JSON line. A field that holds its default is left out, so a later version adds a field
// without changing the text, and so the hash, of plans that do not use it. A reader refuses a newer `format` and
// any field it does not know.
//
// Threads: plain values. Errors: decode_plan gives Fault::config for a newer format, Fault::data for damage.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "data/ranges.h"

namespace weir {

struct IdlePartition {
  std::string topic;
  PartitionId partition;
  bool operator==(const IdlePartition&) const = default;
};

struct SourcePlan {
  std::string source;
  SourceRanges ranges;
  std::optional<Micros> watermark = {};  // of this source while the batch runs: from the rows of batches before it
  std::vector<IdlePartition> idle = {};  // left out of the watermark
  std::optional<Micros> late = {};       // the watermark of the batch before: rows are late against it
  bool operator==(const SourcePlan&) const = default;
};

// The version of a table that a join reads.
struct TablePlan {
  std::string table;
  std::string version;
  bool operator==(const TablePlan&) const = default;
};

// A row that a sink refused for ever. A later decision: added to the plan before that sink commits, so that a replay
// sends the row to the dead letters without asking.
struct SinkRejection {
  std::string sink;
  std::uint64_t src = 0;
  std::string field = {};
  std::string message = {};
  bool operator==(const SinkRejection&) const = default;
};

struct Plan {
  BatchNumber number;
  std::string spec_hash;     // names the text kept by Checkpoint::write_plan
  Micros clock;              // what expressions see as now
  std::string trigger = {};  // why the batch began: "interval", "once", "watermark", ...
  std::vector<SourcePlan> sources = {};
  std::vector<TablePlan> tables = {};
  std::vector<SinkRejection> rejections = {};  // amendments; no part of the hash
  bool operator==(const Plan&) const = default;

  const SourcePlan* source(std::string_view name) const;
  // 63 bits of XXH3 over the canonical text without amendments: what sinks store beside the rows.
  std::uint64_t hash() const;
};

inline constexpr int plan_format = 1;

std::string encode(const Plan& plan);
Result<Plan> decode_plan(std::string_view text);

}  // namespace weir
