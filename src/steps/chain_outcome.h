#pragma once
// Turns the fates of rows into rejected rows, counts and books.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sql/notes.h"
#include "steps/chain_plan.h"
#include "steps/step.h"

namespace weir {

// A row that a clause took out for good, not only by count.
struct ChainReject {
  std::uint64_t row = 0;  // position in the batch
  std::uint32_t fate = 0;
  std::vector<std::optional<std::string>> values;  // of the columns that the expression names
  std::string reason;                              // of an error, as DuckDB gives it; may be empty
};

// What became of the rows of one batch: notes hold each row that left or that a `warn` counted.
class ChainOutcome {
 public:
  ChainOutcome(const ChainPlan& plan, std::vector<Note> notes, std::uint64_t rows)
      : plan_(plan), notes_(std::move(notes)), rows_(rows) {}

  const std::vector<Note>& notes() const { return notes_; }
  bool takes_out(const Note& note) const;
  // Positions of the rows that pass, and of those that are rejected.
  std::vector<std::uint64_t> passing() const;
  std::vector<std::uint64_t> rejected() const;
  // The first row that an `on_fail: fail` stops at.
  std::optional<Note> failing() const;

  // Fills all but the rows. `rejects` has one for each of rejected().
  void report(const std::vector<ChainReject>& rejects, const std::vector<std::uint64_t>& src, StepOutput& out) const;

 private:
  const ChainPlan& plan_;
  std::vector<Note> notes_;
  std::uint64_t rows_;
};

// "rule positive_amount: amount > 0 is not TRUE; amount = -3.00".
std::string describe_reject(const ChainPlan& plan, const ChainReject& reject);

}  // namespace weir
