#pragma once
// Computes the sessions that the rows of one batch make among themselves. The rows go through one statement; where one of
// them throws, a StatelessChain finds the rows at fault and the others are grouped without them.
//
// Threads: the sessions' one caller. Ownership: keeps both sql sessions alive. Errors: Fault::config for a sum beyond its type.

#include <memory>

#include "base/result.h"
#include "data/batch.h"
#include "steps/session_plan.h"
#include "steps/stateless_chain.h"
#include "steps/step.h"

namespace weir {

class SessionRows {
 public:
  // `shape` and `plan` must outlive this.
  static Result<SessionRows> make(const AggregateShape& shape, const SessionPlan& plan,
                                  const std::shared_ptr<Session>& compute, const std::shared_ptr<Session>& careful);

  struct Grouped {
    std::uint64_t rows = 0;  // that are in one
    Batch sessions;          // as plan.state(): those of a key are a gap apart
  };
  // Rows that cannot be computed are added to `out`.
  Result<Grouped> group(const Batch& rows, StepOutput& out);

 private:
  SessionRows(const AggregateShape& shape, const SessionPlan& plan, Query fast, Query careful,
              std::unique_ptr<StatelessChain> of_rows)
      : shape_(&shape),
        state_(std::make_shared<const Schema>(plan.state())),
        fast_(std::move(fast)),
        careful_(std::move(careful)),
        of_rows_(std::move(of_rows)) {}
  Result<Grouped> run(Query& query, const Batch& input) const;

  const AggregateShape* shape_;
  std::shared_ptr<const Schema> state_;
  Query fast_;     // from the rows
  Query careful_;  // from what of_rows_ computed
  std::unique_ptr<StatelessChain> of_rows_;
};

}  // namespace weir
