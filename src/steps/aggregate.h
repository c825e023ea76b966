#pragma once
// Groups rows by tumbling windows of event time and columns, and keeps aggregates of each group until its window closes.
//
//   late        the row's window has end <= wm(N-1): LATE_RECORD, or dropped and counted
//   closed      windows with end <= wm(N): `append` gives the rows of their groups, `update` just forgets them
//   in a batch  one GROUP BY over its rows; its groups are then merged with what the state has of them
//
// A row whose columns cannot be computed is a dead letter (EXPRESSION_ERROR) and counts nowhere. Rows that come out are in
// the order of window, then of the columns in `by` (nulls first, strings by their bytes, NaN last).
//
// Books: a row that counts is held; each row that comes out is released and given.
//
// Threads: one caller at a time. Ownership: keeps both sessions alive; the checkpoint outlives the step.
// Errors: Fault::config for what is asked and cannot be, naming what is there instead; and for a result beyond the range of its
// type, or that cannot be computed from a group, naming column and window.

#include <memory>
#include <optional>

#include "steps/aggregate_shape.h"
#include "steps/stateful_step.h"

namespace weir {

class Aggregate final : public StatefulStep {
 public:
  // `compute` runs the statements, `careful` (SessionKind::careful) finds the rows that make them fail.
  static Result<std::unique_ptr<Aggregate>> make(AggregateOptions options, const Schema& input,
                                                 std::shared_ptr<Session> compute,
                                                 const std::shared_ptr<Session>& careful);
  // The columns that make() would give, or what is wrong, for `weir check`.
  static Result<Schema> check(const AggregateOptions& options, const Schema& input, Session& compute);

  ~Aggregate() override;
  const Schema& schema() const override;
  Status open(Checkpoint& checkpoint) override;
  Result<StepOutput> advance(const Batch& rows, const StepTime& time) override;
  bool due(Micros watermark) const override;
  // The rows that come out are of their window's last microsecond.
  std::optional<Micros> watermark_out(std::optional<Micros> in) const override;
  Status pack(StateChanges& changes) override;
  void merge() override;
  void discard() override;
  std::string explain() const override;
  Size size() const override;

 private:
  struct Impl;
  explicit Aggregate(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
