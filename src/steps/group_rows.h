#pragma once
// Computes groups from the rows of one batch: a partial row for each group, and the members of sets. The rows go through one
// statement for each; where one of them throws, a StatelessChain finds the rows at fault and the others are grouped without
// them.
//
// Threads: the sessions' one caller. Ownership: keeps both sessions alive. Errors: Fault::config for a sum beyond its type.

#include <memory>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "data/batch.h"
#include "steps/aggregate_shape.h"
#include "steps/stateless_chain.h"
#include "steps/step.h"
#include "steps/tumbling_windows.h"

namespace weir {

class GroupRows {
 public:
  // `shape` must outlive this.
  static Result<GroupRows> make(const AggregateShape& shape, const TumblingWindows& windows,
                                const std::shared_ptr<Session>& compute, const std::shared_ptr<Session>& careful);

  struct Groups {
    std::uint64_t rows = 0;      // that are in one
    Batch partial;               // as shape.state
    std::vector<Batch> members;  // of each set: the keys and "member", each once
  };
  // `times` holds the event time of each row. Rows that cannot be computed are added to `out`.
  Result<Groups> group(const Batch& rows, const std::vector<Micros>& times, StepOutput& out);

 private:
  struct Queries {
    Query partial;
    std::vector<Query> members;
  };
  GroupRows(const AggregateShape& shape, const TumblingWindows& windows, Queries fast, Queries careful,
            std::unique_ptr<StatelessChain> of_rows)
      : shape_(&shape),
        windows_(windows),
        fast_(std::move(fast)),
        careful_(std::move(careful)),
        of_rows_(std::move(of_rows)) {}
  static Result<Queries> prepare(const AggregateShape& shape, Session& session, const std::string& from,
                                 const Schema& input);
  Result<Groups> run(Queries& queries, const Batch& input) const;
  Result<Groups> group_carefully(const Batch& rows, StepOutput& out);

  const AggregateShape* shape_;
  TumblingWindows windows_;
  Queries fast_;     // from the rows
  Queries careful_;  // from what of_rows_ computed
  std::unique_ptr<StatelessChain> of_rows_;
};

}  // namespace weir
