#include "scenarios/runner/script_source.h"

#include <algorithm>

#include "base/crash_point.h"

namespace weir::scenario {

ScriptSource::ScriptSource(const std::vector<InputRecord>& log, SourceBug bug) : bug_(bug) {
  for (const InputRecord& record : log) logs_[{record.topic, record.partition.value}].records.push_back(&record);
}

Status ScriptSource::open(const std::optional<Position>& committed) {
  if (!committed || bug_ == SourceBug::open_restarts) return {};
  for (const PartitionPosition& at : *committed)
    logs_[{at.topic, at.partition.value}].next = static_cast<std::size_t>(at.next.value);
  return {};
}

void ScriptSource::append(Fetched& out, const Key& key, std::size_t begin, std::size_t end) const {
  const Log& log = logs_.at(key);
  out.ranges.push_back({key.first, PartitionId(key.second), Offset(static_cast<std::int64_t>(begin)),
                        Offset(static_cast<std::int64_t>(end))});
  RecordBatch& batch = out.records;
  batch.streams.push_back({key.first, PartitionId(key.second)});
  for (std::size_t i = begin; i < end; ++i) {
    const InputRecord& from = *log.records[i];
    Record to;
    if (from.value) to.value = from.value->data(), to.value_size = static_cast<std::uint32_t>(from.value->size());
    if (from.key) to.key = from.key->data(), to.key_size = static_cast<std::uint32_t>(from.key->size());
    to.offset = Offset(static_cast<std::int64_t>(i));
    to.timestamp = Micros(from.timestamp_us);
    to.stream = static_cast<std::uint32_t>(batch.streams.size() - 1);
    to.headers_begin = static_cast<std::uint32_t>(batch.headers.size());
    to.headers_count = static_cast<std::uint32_t>(from.headers.size());
    for (const auto& [name, value] : from.headers) batch.headers.push_back({name, value});
    batch.bytes.value += to.value_size + to.key_size;
    batch.records.push_back(to);
  }
}

Result<Fetched> ScriptSource::fetch(const FetchLimits& limits) {
  Fetched out;
  out.reached_until = limits.until.has_value();
  std::uint64_t left = limits.records_max;
  for (auto& [key, log] : logs_) {
    std::size_t last = log.records.size();
    if (limits.until)
      for (const PartitionPosition& at : *limits.until)
        if (at.topic == key.first && at.partition.value == key.second)
          last = std::min(last, static_cast<std::size_t>(at.next.value));
    const std::size_t end = std::max(log.next, std::min<std::uint64_t>(last, log.next + left));
    append(out, key, log.next, end);
    left -= end - log.next;
    log.next = end;
    if (end < last) out.reached_until = false;
  }
  if (bug_ == SourceBug::fetch_loses_after_fault) TRY(fault_point("source.fetch"));
  return out;
}

Result<Fetched> ScriptSource::read(const SourceRanges& ranges) {
  Fetched out;
  for (const PartitionRange& range : ranges) {
    const auto shift = bug_ == SourceBug::read_shifts_begin && range.begin < range.end ? 1U : 0U;
    const auto begin = static_cast<std::size_t>(range.begin.value) + shift;
    const auto end = static_cast<std::size_t>(range.end.value);
    append(out, {range.topic, range.partition.value}, begin, end);
    logs_[{range.topic, range.partition.value}].next = end;
  }
  return out;
}

Result<Position> ScriptSource::end() {
  Position out;
  for (const auto& [key, log] : logs_)
    out.push_back({key.first, PartitionId(key.second), Offset(static_cast<std::int64_t>(log.records.size()))});
  return out;
}

std::vector<PartitionLag> ScriptSource::lag() {
  std::vector<PartitionLag> out;
  for (const auto& [key, log] : logs_)
    out.push_back({key.first, PartitionId(key.second), static_cast<std::int64_t>(log.records.size() - log.next), {}});
  return out;
}

}  // namespace weir::scenario
