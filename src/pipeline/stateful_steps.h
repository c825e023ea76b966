#pragma once
// Makes the steps that remember from what a file says of them and of event time. `weir check` and the graph share it, so
// that both find the same faults.
//
// Threads: plain functions. Errors: Fault::config with the place in the file.

#include <memory>

#include "base/result.h"
#include "config/pipeline_spec.h"
#include "data/schema.h"
#include "sql/session.h"
#include "steps/stateful_step.h"

namespace weir {

// Whether the watermark's column is there and holds times.
Status check_watermark(const SourceSpec& source, const Schema& columns);

// What steps compute with, in turn.
struct StepSessions {
  std::shared_ptr<Session> compute;
  std::shared_ptr<Session> careful;
};

// `step.is_stateful()`; `input`: the columns of the edge that it reads.
Result<std::unique_ptr<StatefulStep>> make_stateful_step(const StepSpec& step, const PipelineSpec& pipeline,
                                                         const Schema& input, const StepSessions& sessions);

// Rows that replace earlier ones (an aggregate's `mode: update`) go only where that can be said.
Status check_takes_updates(const SinkSpec& sink, const Schema& rows);

// Rows that are taken away again (sessions in `mode: update`) need a key in a topic, or nobody knows which one it is.
Status check_takes_removals(const SinkSpec& sink, const PipelineSpec& pipeline);

}  // namespace weir
