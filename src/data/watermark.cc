#include "data/watermark.h"

#include <algorithm>

namespace weir {

void WatermarkTracker::restore(std::optional<Micros> watermark, const std::map<Partition, Micros>& highest) {
  watermark_ = watermark;
  for (const auto& [partition, time] : highest) partitions_[partition].highest = time;
}

void WatermarkTracker::see(const Partition& partition, bool at_end, std::chrono::microseconds running) {
  State& state = partitions_[partition];
  if (!at_end) {
    state.at_end_since.reset();
  } else if (!state.at_end_since) {
    state.at_end_since = running;
  }
}

void WatermarkTracker::observe(const Partition& partition, Micros event_time) {
  State& state = partitions_[partition];
  state.highest = state.highest ? std::max(*state.highest, event_time) : event_time;
  // It has spoken: its silence counts from the next time it is seen at its end.
  state.at_end_since.reset();
}

bool WatermarkTracker::idle(const State& state, std::chrono::microseconds running) const {
  return rule_.idle_after && state.at_end_since && running - *state.at_end_since >= *rule_.idle_after;
}

WatermarkTracker::Advanced WatermarkTracker::peek(std::chrono::microseconds running) const {
  Advanced out;
  std::optional<Micros> reached;
  bool unknown = false;
  for (const auto& [partition, state] : partitions_) {
    const bool is_idle = idle(state, running);
    if (is_idle) out.idle.push_back(partition);
    if (rule_.across_max) {
      if (state.highest) reached = reached ? std::max(*reached, *state.highest) : *state.highest;
    } else if (!is_idle) {
      if (!state.highest) unknown = true;
      if (state.highest) reached = reached ? std::min(*reached, *state.highest) : *state.highest;
    }
  }
  out.watermark = watermark_;
  if (!reached || unknown) return out;
  const Micros candidate(reached->value - rule_.delay.count());
  if (!watermark_ || candidate > *watermark_) out.watermark = candidate;
  return out;
}

WatermarkTracker::Advanced WatermarkTracker::advance(std::chrono::microseconds running) {
  Advanced out = peek(running);
  watermark_ = out.watermark;
  return out;
}

std::map<WatermarkTracker::Partition, Micros> WatermarkTracker::highest() const {
  std::map<Partition, Micros> out;
  for (const auto& [partition, state] : partitions_)
    if (state.highest) out[partition] = *state.highest;
  return out;
}

std::optional<WatermarkTracker::Partition> WatermarkTracker::held_by(std::chrono::microseconds running) const {
  const Partition* lowest = nullptr;
  std::optional<Micros> time;
  for (const auto& [partition, state] : partitions_) {
    if (idle(state, running)) continue;
    if (!state.highest) return partition;
    if (!time || *state.highest < *time) {
      lowest = &partition;
      time = state.highest;
    }
  }
  return lowest == nullptr ? std::nullopt : std::optional(*lowest);
}

}  // namespace weir
