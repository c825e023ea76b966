#pragma once
// Runs one pipeline: the batch loop and its recovery. This is the whole program; everything else serves it.
//
//   recover  open the checkpoint (lock, writer, epoch), check sources and sinks, finish a plan that has no commit
//   wait     for the trigger
//   fetch    what is there, up to the limits; the next batch is fetched while this one runs
//   plan     what was fetched: ranges, batch clock, spec; synced
//   decode   bytes -> columns; what does not fit -> dead letters
//   run      steps over columns
//   write    every sink with (writer, epoch, N, plan hash), dead letters last; a repeat is a no-op
//   commit   one synced write: "N done"
//   report   progress, offsets to the Kafka group
//
// An external fault is waited out with growing pauses, and what is held is sent again; it is never computed again. A
// stop is obeyed between batches and while waiting; the batch that runs is finished first.
//
// Threads: run() on one thread; request the stop from any. Errors: as the fault says; a pipeline that failed can be run
// again, from the same checkpoint.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/pipeline_spec.h"
#include "pipeline/batch_run.h"
#include "pipeline/fetcher.h"
#include "pipeline/graph.h"
#include "pipeline/phase_timer.h"
#include "pipeline/progress.h"
#include "pipeline/retry.h"
#include "pipeline/source_times.h"
#include "pipeline/trigger.h"
#include "state/checkpoint.h"

namespace weir {

// A pipeline's file as it was read: what the checkpoint keeps, so that an open plan can be finished under its own spec.
struct PipelineText {
  std::string hash;  // of the canonical text; plans name it
  std::string text;
};

struct RunnerOptions {
  ProgressListener* listener = nullptr;
  bool fetch_ahead = true;
  std::uint64_t batches_max = 0;  // stop after so many; 0: no limit (tests restore after every batch)
};

class Runner {
 public:
  Runner(PipelineSpec spec, PipelineText text, Components components, Clock& clock, RunnerOptions options);
  ~Runner();

  Status run(std::stop_token stop);

 private:
  Status recover();
  Status verify();
  Status settle_other_spec();
  Status settle(const Plan& open);
  std::optional<Plan> read_last_commit();
  Status open_sinks(const std::optional<Plan>& open);
  Status open_rest(const std::optional<Plan>& open);
  Status open_state(StepNode& node);
  Status replay(const Plan& plan);
  Status loop();
  Result<std::optional<FetchedSet>> fetch();
  std::vector<FetchLimits> limits() const;
  bool at_end(const FetchedSet& set) const;
  bool state_due() const;
  Status renew_claims();

  Status process(const Plan& plan, FetchedSet& set, bool replayed);
  Result<Plan> plan(const FetchedSet& set);
  Status write_sinks(const BatchId& id, const Plan& plan, BatchResult& result, const std::vector<Fetched>& fetched);
  Status write_one(SinkNode& node, const BatchId& id, const Plan& plan, const Batch& rows, BatchResult& result);
  Status write_dead_letters(const BatchId& id, const Plan& plan, BatchResult& result,
                            const std::vector<Fetched>& fetched);
  Result<Written> send(SinkNode& node, const BatchId& id, const Batch& rows);
  Status commit(const BatchId& id, const BatchResult& result);
  void report(const Plan& plan, const FetchedSet& set, BatchResult& result, bool replayed);

  // Calls `work` until it succeeds, fails for good, or a stop is asked for.
  template <class Work>
  auto persist(const RetrySpec& spec, Work&& work) {
    return retry(spec, clock_, stop_, options_.listener, std::forward<Work>(work));
  }

  PipelineSpec spec_;
  PipelineText text_;
  Components components_;
  Clock& clock_;
  RunnerOptions options_;
  Trigger trigger_;
  PhaseTimer timer_;
  std::stop_token stop_;
  Graph graph_;
  SourceTimes times_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<Fetcher> fetcher_;
  std::optional<std::vector<Position>> until_;       // for triggers that end
  std::map<std::string, BatchNumber> sink_batches_;  // the last batch with rows that each sink holds
  Clock::Duration claimed_at_{0};                    // the sinks, last
  bool planned_before_ = false;                      // positions are durable
  bool landed_open_plan_ = false;                    // some sink has the open plan's batch
};

}  // namespace weir
