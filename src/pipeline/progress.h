#pragma once
// Tells what a batch did: rows in and out, where each row went, how long each phase took, how far behind we are. Made
// by the runner after each commit, read by the terminal, the metrics and, later, the API.
//
// Threads: plain values; a listener is called on the runner's thread and must not block.

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/types.h"
#include "connectors/source.h"
#include "data/reject.h"
#include "steps/stateful_step.h"

namespace weir {

struct SourceProgress {
  std::string source;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  SourceRanges ranges;
  std::vector<PartitionLag> lag;
  std::optional<Micros> watermark = {};  // of the batch; absent before there is one
};

struct SinkProgress {
  std::string sink;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  bool repeated = false;
};

struct DeadLetterCount {
  std::string step;
  Code code = Code::json_parse_error;
  std::uint64_t rows = 0;
};

// What a step remembers after the batch.
struct StateProgress {
  std::string step;
  StatefulStep::Size size;
};

// By step and code.
std::vector<DeadLetterCount> count_dead_letters(const std::vector<Rejected>& rejected);

struct BatchProgress {
  BatchNumber number;
  Micros time;            // the batch clock
  bool replayed = false;  // run again from its plan after a crash
  std::vector<SourceProgress> sources;
  std::vector<StepBooks> steps;
  std::vector<Dropped> dropped;
  std::vector<DeadLetterCount> dead_letters;
  std::vector<ExpectationCount> expectations;
  std::vector<SinkProgress> sinks;
  std::vector<StateProgress> state;
  // Time spent in each phase, by Phase's order.
  std::array<Clock::Duration, 9> durations{};

  Clock::Duration duration(Phase phase) const { return durations[static_cast<std::size_t>(phase)]; }
  std::uint64_t rows_in() const;
  std::uint64_t rows_out() const;  // rows that sinks took, dead letters not counted
  std::uint64_t rows_dead() const;
  std::uint64_t rows_dropped() const;
  std::optional<std::int64_t> lag_records() const;  // of all sources; absent when any is unknown
  std::optional<Micros> watermark() const;          // the lowest of the sources that have one
  std::uint64_t state_rows() const;
};

class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  virtual void committed(const BatchProgress& batch) = 0;
  // The pipeline cannot go on for now: a broker is away, a disk is full. Called at each try.
  virtual void waiting(const Error& error, Clock::Duration next_try) = 0;
};

}  // namespace weir
