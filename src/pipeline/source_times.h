#pragma once
// Keeps the watermark of every source between batches: what the last commit knew, what each fetch saw, what each batch
// brought; and writes it into the plan, so that a replay judges by the same times.
//
//   wm(N) comes from the rows of batches before N; rows of N are late against wm(N-1), state is closed by wm(N)
//
// Threads: one caller at a time.

#include <map>
#include <optional>
#include <vector>

#include "data/watermark.h"
#include "pipeline/fetcher.h"
#include "pipeline/graph.h"
#include "state/commit.h"
#include "state/plan.h"

namespace weir {

// By source, of one batch.
using HighestTimes = std::vector<std::map<WatermarkTracker::Partition, Micros>>;

class SourceTimes {
 public:
  SourceTimes() = default;
  explicit SourceTimes(const std::vector<SourceNode>& sources);

  void restore(const Plan& committed, const Commit& commit);
  void see(const FetchedSet& set, Clock::Duration running);
  // Fills watermark, late and idle of the plan's sources.
  void decide(Plan& plan, Clock::Duration running);
  // Takes over what a plan that is run again decided.
  void adopt(const Plan& plan);
  // The watermarks that decide() would write now, by source.
  std::vector<std::optional<Micros>> upcoming(Clock::Duration running) const;
  void observe(const HighestTimes& highest);
  std::vector<PartitionTime> for_commit(const HighestTimes& highest) const;

 private:
  struct Entry {
    std::string source;
    std::optional<WatermarkTracker> tracker;
  };
  std::vector<Entry> entries_;
};

}  // namespace weir
