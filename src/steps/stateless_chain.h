#pragma once
// Runs neighbouring filter, select and expect entries as one SQL statement over a batch.
//
// A filter keeps the rows where its condition is TRUE; a check must be TRUE to hold. A row whose expression cannot be
// computed (a cast, an overflow) ends as EXPRESSION_ERROR and the batch goes on; where a `warn` cannot be computed it has
// failed. `on_fail: fail` stops with Fault::config, and nothing of the batch goes on.
//
//   fast      one statement with WHERE; each row that a clause takes out is noted beside it
//   careful   only for rows that are rejected, and for all rows when the fast one throws: each expression within TRY,
//             giving each row its fate; then the fast one again over the rows that pass
//
// Threads: one caller at a time. Ownership: keeps both sessions alive.

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/step_spec.h"
#include "data/schema.h"
#include "sql/session.h"
#include "steps/step.h"

namespace weir {

class StatelessChain final : public Step {
 public:
  // `compute` runs the fast statement, `careful` (SessionKind::careful) the other. The error's place is
  // "steps.<name>.<key>".
  static Result<std::unique_ptr<StatelessChain>> compile(const std::vector<StepSpec>& entries, const Schema& input,
                                                         std::shared_ptr<Session> compute,
                                                         std::shared_ptr<Session> careful);
  // All that is wrong with the entries, for `weir check`, and the columns that come out where nothing is.
  struct Checked {
    std::vector<Error> problems;
    Schema output;
  };
  static Checked check(const std::vector<StepSpec>& entries, const Schema& input, Session& compute);

  ~StatelessChain() override;
  const Schema& schema() const override;
  Result<StepOutput> process(const Batch& rows) override;

  // Positions of the input's columns that are needed, hidden ones included, ascending; others need not be decoded.
  const std::vector<std::size_t>& columns_read() const;
  // For people: the fast statement and the columns that come out.
  std::string explain() const override;

 private:
  struct Impl;
  explicit StatelessChain(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
