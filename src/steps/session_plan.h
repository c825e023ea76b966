#pragma once
// What an aggregate step of sessions keeps and computes beyond its shape: a session's row in state is its start, the columns
// in `by`, its end, then what is kept of the aggregates. A set (count(DISTINCT ...)) is a list in that row, so that sessions
// that become one take their sets along.
//
// Threads: plain values.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/schema.h"
#include "steps/aggregate_shape.h"

namespace weir {

class SessionPlan {
 public:
  // A row is in a session with another if less than `gap` lies between them.
  SessionPlan(const AggregateShape& shape, std::chrono::microseconds gap);

  const Schema& state() const { return state_; }
  // How many columns come before the end: the start and `by`.
  std::size_t keys() const { return by_.size() + 1; }

  // The sessions of a batch's rows, as `state`: from the rows themselves, or from what shape.of_rows computed of them.
  std::string sessions_of_rows() const;
  std::string sessions_of_computed() const;
  // Rows of `state` with the same start and `by` become one.
  std::string merge_sql() const;

  // Rows of `state` as the results' expressions read them: with window_end, and sizes in the place of sets.
  Batch for_results(const Batch& sessions, const std::shared_ptr<const Schema>& schema) const;

 private:
  std::string sessions_sql(const std::string& from) const;

  const AggregateShape* shape_;
  std::int64_t gap_;
  std::vector<std::string> by_;      // quoted
  std::vector<AggregateKept> kept_;  // the end first; sets last
  Schema state_;
};

}  // namespace weir
