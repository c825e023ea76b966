#pragma once
// Runs one fetched and decoded batch through the steps, in memory only: the same input under the same plan gives the same
// rows for every sink and the same dead letters. Nothing outside is touched, so it can be run again at will.
//
// Steps that remember collect their changes aside: the runner packs them into the commit, or discards them.
//
// Threads: one caller at a time. Errors: Fault::config where an expectation says `on_fail: fail`; data faults of single
// rows are dead letters, never errors.

#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/books.h"
#include "pipeline/fetcher.h"
#include "pipeline/graph.h"
#include "pipeline/progress.h"
#include "pipeline/source_times.h"
#include "state/plan.h"

namespace weir {

struct BatchResult {
  std::vector<Batch> sink_rows;  // by the graph's order of sinks
  std::vector<Rejected> rejected;
  std::vector<Batch> made;  // what each step that remembers gave, by the graph's order of them
  HighestTimes highest;     // event time, by source
  Books books;
  BatchProgress progress;  // sources, steps, drops and expectations filled in
};

// What was decoded is moved out of the set; its raw records stay.
Result<BatchResult> run_batch(Graph& graph, FetchedSet& set, const Plan& plan);

// The rejected rows, in order of source record, as rows for the dead-letter sink. `fetched` holds their raw bytes.
Batch dead_letter_rows(const Graph& graph, const std::vector<Fetched>& fetched, const BatchResult& result,
                       const Plan& plan);

}  // namespace weir
