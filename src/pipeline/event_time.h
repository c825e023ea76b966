#pragma once
// Reads the event time of a source's rows: refuses what is too far ahead of the clock or has no time, and says how far each
// partition has come.
//
// Threads: plain functions. Errors: single rows are Rejected.

#include <map>
#include <vector>

#include "data/reject.h"
#include "data/watermark.h"
#include "pipeline/graph.h"

namespace weir {

struct EventTimes {
  Batch rows;  // those that stay
  std::vector<Rejected> rejected;
  std::map<WatermarkTracker::Partition, Micros> highest;  // of the rows that stay
};

// `node` has a watermark; `clock` is the batch's. Late rows stay: which step a row is late for is the step's to say.
EventTimes take_event_times(const SourceNode& node, const Batch& rows, const Fetched& fetched, Micros clock);

}  // namespace weir
