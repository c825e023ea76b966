#include "pipeline/event_time.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace weir {
namespace {

WatermarkTracker::Partition partition_of(const Fetched& fetched, std::uint64_t src) {
  if (fetched.columns) return {fetched.ranges.front().topic, fetched.ranges.front().partition};
  const RecordBatch& batch = fetched.records;
  const Stream& stream = batch.streams[batch.records[src_ordinal(src)].stream];
  return {stream.topic, stream.partition};
}

Rejected refuse(const SourceNode& node, std::uint64_t src, Code code, std::string message) {
  return {src, code, node.watermark->column, std::move(message), node.name, {}, {}};
}

}  // namespace

EventTimes take_event_times(const SourceNode& node, const Batch& rows, const Fetched& fetched, Micros clock) {
  const auto column = node.schema.find(node.watermark->column);
  CHECK(column.has_value(), "the graph checked the watermark's column");
  EventTimes out;
  const std::vector<std::uint64_t> src = rows.src();
  std::vector<std::uint64_t> kept;
  kept.reserve(src.size());
  std::uint64_t row = 0;
  // Rows come partition by partition, so the map is touched only where the partition changes.
  WatermarkTracker::Partition partition;
  Micros* highest = nullptr;
  std::uint32_t stream = UINT32_MAX;
  for (const auto& chunk : rows.chunks()) {
    const auto* times = static_cast<const std::int64_t*>(duckdb_vector_get_data(chunk->column(*column)));
    const std::uint64_t* validity = duckdb_vector_get_validity(chunk->column(*column));
    for (std::size_t i = 0; i < chunk->rows(); ++i, ++row) {
      if (!is_valid(validity, i)) {
        out.rejected.push_back(refuse(node, src[row], Code::null_not_allowed, "the event time is null"));
        continue;
      }
      const Micros time(times[i]);
      if (node.watermark->max_future && time.value > clock.value + node.watermark->max_future->count()) {
        out.rejected.push_back(refuse(node, src[row], Code::event_time_in_future,
                                      fmt::format("{} is more than max_future ahead of the clock, {}",
                                                  format_rfc3339(time), format_rfc3339(clock))));
        continue;
      }
      kept.push_back(row);
      const std::uint32_t here = fetched.columns ? 0 : fetched.records.records[src_ordinal(src[row])].stream;
      if (highest == nullptr || here != stream) {
        stream = here;
        highest = &out.highest.try_emplace(partition_of(fetched, src[row]), time).first->second;
      }
      *highest = std::max(*highest, time);
    }
  }
  out.rows = kept.size() == rows.rows() ? rows : take_rows(rows, kept);
  return out;
}

}  // namespace weir
