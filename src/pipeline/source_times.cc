#include "pipeline/source_times.h"

#include <algorithm>

namespace weir {

SourceTimes::SourceTimes(const std::vector<SourceNode>& sources) {
  for (const SourceNode& node : sources) {
    Entry entry{node.name, {}};
    if (node.watermark)
      entry.tracker.emplace(WatermarkRule{node.watermark->delay, node.watermark->across == WatermarkSpec::Across::max,
                                          node.watermark->idle_after});
    entries_.push_back(std::move(entry));
  }
}

void SourceTimes::restore(const Plan& committed, const Commit& commit) {
  for (Entry& entry : entries_) {
    const SourcePlan* const plan = committed.source(entry.source);
    if (!entry.tracker || plan == nullptr) continue;
    std::map<WatermarkTracker::Partition, Micros> highest;
    for (const PartitionTime& time : commit.times)
      if (time.source == entry.source) highest[{time.topic, time.partition}] = time.event_time;
    entry.tracker->restore(plan->watermark, highest);
  }
}

void SourceTimes::see(const FetchedSet& set, Clock::Duration running) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].tracker) continue;
    std::map<WatermarkTracker::Partition, bool> waiting;
    for (const PartitionLag& lag : set.lag[i]) waiting[{lag.topic, lag.partition}] = lag.records.value_or(1) > 0;
    for (const PartitionRange& range : set.sources[i].ranges) {
      const auto found = waiting.find({range.topic, range.partition});
      const bool at_end = found != waiting.end() && !found->second && range.begin == range.end;
      entries_[i].tracker->see({range.topic, range.partition}, at_end, running);
    }
  }
}

void SourceTimes::decide(Plan& plan, Clock::Duration running) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].tracker) continue;
    SourcePlan& source = plan.sources[i];
    source.late = entries_[i].tracker->watermark();
    const auto advanced = entries_[i].tracker->advance(running);
    source.watermark = advanced.watermark;
    for (const auto& [topic, partition] : advanced.idle) source.idle.push_back({topic, partition});
  }
}

void SourceTimes::adopt(const Plan& plan) {
  for (Entry& entry : entries_) {
    const SourcePlan* const source = plan.source(entry.source);
    if (entry.tracker && source != nullptr) entry.tracker->restore(source->watermark, {});
  }
}

std::vector<std::optional<Micros>> SourceTimes::upcoming(Clock::Duration running) const {
  std::vector<std::optional<Micros>> out;
  for (const Entry& entry : entries_)
    out.push_back(entry.tracker ? entry.tracker->peek(running).watermark : std::nullopt);
  return out;
}

void SourceTimes::observe(const HighestTimes& highest) {
  for (std::size_t i = 0; i < highest.size(); ++i)
    if (entries_[i].tracker)
      for (const auto& [partition, time] : highest[i]) entries_[i].tracker->observe(partition, time);
}

std::vector<PartitionTime> SourceTimes::for_commit(const HighestTimes& highest) const {
  std::vector<PartitionTime> out;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].tracker) continue;
    auto all = entries_[i].tracker->highest();
    for (const auto& [partition, time] : highest[i]) {
      const auto at = all.try_emplace(partition, time).first;
      at->second = std::max(at->second, time);
    }
    for (const auto& [partition, time] : all)
      out.push_back({entries_[i].source, partition.first, partition.second, time});
  }
  return out;
}

}  // namespace weir
