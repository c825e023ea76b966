#pragma once
// A step that remembers: dedup, aggregate. What it remembers is in tables of the checkpoint, in buckets of event time.
//
// The talk, for every batch, with or without rows:
//   open(checkpoint)        once, after the checkpoint was opened: state as of the last commit
//   advance(rows, time)     late rows out (against time.late), rows in, then closed by time.watermark; changes collect aside
//   pack(changes)           the changes of this batch, for the commit's one write
//   merge() | discard()     after the commit | instead of it
//
// Rows that come out of state have no source record of their own: their `_src` is made_src(i), i counting up in the batch.
//
// Threads: one caller at a time. Errors: as Step.

#include <optional>

#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "state/checkpoint.h"
#include "state/state_changes.h"
#include "steps/step.h"

namespace weir {

// Event time on the edge that a step reads, in batch N. Absent: no row has set a watermark yet.
struct StepTime {
  std::optional<Micros> late;       // wm(N-1): a row is late against it
  std::optional<Micros> watermark;  // wm(N): state is closed by it
};

class StatefulStep : public Step {
 public:
  // Stateless use makes no sense: a stateful step is called with the time.
  Result<StepOutput> process(const Batch& rows) final { return advance(rows, {}); }

  virtual Status open(Checkpoint& checkpoint) = 0;
  virtual Result<StepOutput> advance(const Batch& rows, const StepTime& time) = 0;
  // Whether this watermark closes or drops anything: then a batch without rows is worth running.
  virtual bool due(Micros watermark) const = 0;
  // The watermark of the rows that come out.
  virtual std::optional<Micros> watermark_out(std::optional<Micros> in) const = 0;
  virtual Status pack(StateChanges& changes) = 0;
  virtual void merge() = 0;
  virtual void discard() = 0;

  struct Size {
    std::uint64_t rows = 0;
    Bytes bytes;   // as stored
    Bytes memory;  // as held
  };
  virtual Size size() const = 0;
};

}  // namespace weir
