#include "pipeline/progress.h"

#include <utility>

namespace weir {

std::vector<DeadLetterCount> count_dead_letters(const std::vector<Rejected>& rejected) {
  std::map<std::pair<std::string, Code>, std::uint64_t> rows;
  for (const Rejected& row : rejected) ++rows[{row.step, row.code}];
  std::vector<DeadLetterCount> out;
  for (const auto& [key, count] : rows) out.push_back({key.first, key.second, count});
  return out;
}

std::uint64_t BatchProgress::rows_in() const {
  std::uint64_t rows = 0;
  for (const SourceProgress& source : sources) rows += source.rows;
  return rows;
}

std::uint64_t BatchProgress::rows_out() const {
  std::uint64_t rows = 0;
  for (const SinkProgress& sink : sinks)
    if (sink.sink != "dead_letter") rows += sink.rows;
  return rows;
}

std::uint64_t BatchProgress::rows_dead() const {
  std::uint64_t rows = 0;
  for (const DeadLetterCount& count : dead_letters) rows += count.rows;
  return rows;
}

std::uint64_t BatchProgress::rows_dropped() const {
  std::uint64_t rows = 0;
  for (const Dropped& drop : dropped) rows += drop.rows;
  return rows;
}

std::optional<std::int64_t> BatchProgress::lag_records() const {
  std::int64_t lag = 0;
  for (const SourceProgress& source : sources) {
    for (const PartitionLag& partition : source.lag) {
      if (!partition.records) return std::nullopt;
      lag += *partition.records;
    }
  }
  return lag;
}

std::optional<Micros> BatchProgress::watermark() const {
  std::optional<Micros> lowest;
  for (const SourceProgress& source : sources)
    if (source.watermark && (!lowest || *source.watermark < *lowest)) lowest = source.watermark;
  return lowest;
}

std::uint64_t BatchProgress::state_rows() const {
  std::uint64_t rows = 0;
  for (const StateProgress& one : state) rows += one.size.rows;
  return rows;
}

}  // namespace weir
