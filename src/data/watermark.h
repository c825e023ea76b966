#pragma once
// Follows event time in one source and says how far it has come: the watermark, below which a row is late.
//
//   partitions   min over the active partitions of their highest event time, minus `delay` (the default)
//   max          the highest event time of all partitions, minus `delay` (Spark's own rule)
//
// It never goes back. A partition is idle, and left out, when it was seen at its end for `idle_after` of the worker's
// running time; one that was never at its end, or has records waiting, is active. A partition without any event time
// holds the watermark until it is idle. When all are idle the watermark holds.
//
// The runner plans with it: advance() before batch N gives wm(N) from the rows of the batches before N; observe()
// adds the rows of N once they are committed.
//
// Threads: one caller at a time. Time: `running` is Clock::running(), which neither jumps nor counts what passed while the
// worker was down.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"

namespace weir {

struct WatermarkRule {
  std::chrono::microseconds delay{0};
  bool across_max = false;
  std::optional<std::chrono::microseconds> idle_after;
};

class WatermarkTracker {
 public:
  using Partition = std::pair<std::string, PartitionId>;  // topic, partition

  explicit WatermarkTracker(WatermarkRule rule) : rule_(rule) {}

  // What the last commit knew.
  void restore(std::optional<Micros> watermark, const std::map<Partition, Micros>& highest);
  // A partition that exists, with or without rows; `at_end`: nothing was waiting when it was last fetched.
  void see(const Partition& partition, bool at_end, std::chrono::microseconds running);
  // The highest event time of a partition's rows in a batch.
  void observe(const Partition& partition, Micros event_time);

  struct Advanced {
    std::optional<Micros> watermark;
    std::vector<Partition> idle;  // in order
  };
  // The watermark and the idle set now; moves the watermark.
  Advanced advance(std::chrono::microseconds running);
  // What advance() would give, without moving.
  Advanced peek(std::chrono::microseconds running) const;

  std::optional<Micros> watermark() const { return watermark_; }
  std::map<Partition, Micros> highest() const;
  // The partition that holds the watermark back: the lowest active one.
  std::optional<Partition> held_by(std::chrono::microseconds running) const;

 private:
  struct State {
    std::optional<Micros> highest;
    std::optional<std::chrono::microseconds> at_end_since;
  };
  bool idle(const State& state, std::chrono::microseconds running) const;

  WatermarkRule rule_;
  std::map<Partition, State> partitions_;
  std::optional<Micros> watermark_;
};

}  // namespace weir
