#include "steps/session_rows.h"

#include <utility>

#include "steps/made_columns.h"

namespace weir {

Result<SessionRows> SessionRows::make(const AggregateShape& shape, const SessionPlan& plan,
                                      const std::shared_ptr<Session>& compute,
                                      const std::shared_ptr<Session>& careful) {
  auto of_rows = TRY(StatelessChain::compile({shape.of_rows}, shape.input, compute, careful));
  Query fast = TRY(compute->prepare(plan.sessions_of_rows(), {{"input", shape.input}}));
  Query slow = TRY(compute->prepare(plan.sessions_of_computed(), {{"input", of_rows->schema()}}));
  return SessionRows(shape, plan, std::move(fast), std::move(slow), std::move(of_rows));
}

Result<SessionRows::Grouped> SessionRows::run(Query& query, const Batch& input) const {
  Grouped out;
  out.rows = input.rows();
  out.sessions = renamed(TRY(query.run(input)), state_);
  return out;
}

Result<SessionRows::Grouped> SessionRows::group(const Batch& rows, StepOutput& out) {
  auto grouped = run(fast_, rows);
  if (grouped || (grouped.error().fault != Fault::data && grouped.error().fault != Fault::config)) return grouped;
  StepOutput computed = TRY(of_rows_->process(rows));
  for (Rejected& reject : computed.rejected) {
    reject.field = shape_->column_for(reject.field);
    out.rejected.push_back(std::move(reject));
  }
  grouped = run(careful_, computed.rows);
  if (grouped || grouped.error().fault != Fault::data) return grouped;
  return fail(Fault::config, "what is kept of a session is beyond the range of its type: " + grouped.error().message);
}

}  // namespace weir
