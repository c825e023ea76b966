#pragma once
// Makes the rows that come out of an aggregate step from what is kept of its groups.
//
// Threads: the session's one caller. Ownership: keeps the session alive. Errors: Fault::config for a result that cannot be
// computed or is beyond its type, naming the column and, where it can, the window.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "data/batch.h"
#include "sql/session.h"
#include "steps/aggregate_shape.h"
#include "steps/tumbling_windows.h"

namespace weir {

class GroupResults {
 public:
  // `shape` must outlive this; `upserts`: rows carry `_op`, and are sorted.
  static Result<GroupResults> make(const AggregateShape& shape, const TumblingWindows& windows, const std::string& step,
                                   bool upserts, std::shared_ptr<Session> compute);
  // Of groups that are kept in a form of their own: `complete` makes of them what results read, of the given schema.
  using Complete = std::function<Batch(const Batch& groups, const std::shared_ptr<const Schema>& schema)>;
  static Result<GroupResults> make(const AggregateShape& shape, Complete complete, const std::string& step,
                                   bool upserts, bool sorted, std::shared_ptr<Session> compute);

  // `groups` as shape.state; the rows as shape.output, each with a made `_src`; the first one is row `first` of its batch.
  Result<Batch> rows(const Batch& groups, Operation operation = Operation::upsert, std::uint64_t first = 0);

 private:
  GroupResults(const AggregateShape& shape, Complete complete, const std::string& step, bool upserts,
               std::shared_ptr<Session> compute, Query query);
  Batch with_hidden(const Batch& results, Operation operation, std::uint64_t first) const;
  Error explain(const Batch& groups, const Error& error);
  Result<std::uint64_t> first_failing(const Batch& groups, const AggregateResult& result);
  Status check_decimals(const Batch& results) const;

  const AggregateShape* shape_;
  Complete complete_;
  std::string place_;  // "steps.<name>.aggregate.select"
  bool upserts_;
  std::shared_ptr<Session> compute_;
  std::shared_ptr<const Schema> input_;  // groups with window_end
  std::shared_ptr<const Schema> output_;
  Query query_;
};

}  // namespace weir
