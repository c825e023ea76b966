#pragma once
// Groups rows by sessions of event time and columns, and keeps aggregates of each session until it closes. A session is rows
// of a key with less than `gap` between each and the next; it is [first row, last row + gap). A row between two sessions
// makes them one, in whatever order rows come.
//
//   late        the row's time + gap <= wm(N-1): LATE_RECORD, or dropped and counted
//   closed      sessions with end <= wm(N): `append` gives their rows, `update` just forgets them
//   in a batch  its rows make sessions among themselves; these are merged with those in state that they overlap
//
// `update` gives the sessions that changed, as upserts, and before them those that are no more, as they were given last, as
// removals: one that went into another or begins earlier now has another window_start.
//
// Order, books, threads, ownership and errors are Aggregate's. Further errors: Fault::config where more sessions are open
// than memory can hold the places of.

#include <memory>
#include <optional>

#include "steps/aggregate_shape.h"
#include "steps/stateful_step.h"

namespace weir {

class SessionAggregate final : public StatefulStep {
 public:
  // As Aggregate::make; options.window->session is the gap.
  static Result<std::unique_ptr<SessionAggregate>> make(AggregateOptions options, const Schema& input,
                                                        std::shared_ptr<Session> compute,
                                                        const std::shared_ptr<Session>& careful);

  ~SessionAggregate() override;
  const Schema& schema() const override;
  Status open(Checkpoint& checkpoint) override;
  Result<StepOutput> advance(const Batch& rows, const StepTime& time) override;
  bool due(Micros watermark) const override;
  // The rows that come out are of their session's last microsecond.
  std::optional<Micros> watermark_out(std::optional<Micros> in) const override;
  Status pack(StateChanges& changes) override;
  void merge() override;
  void discard() override;
  std::string explain() const override;
  Size size() const override;

 private:
  struct Impl;
  explicit SessionAggregate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
