#pragma once
// Makes a row of each element of an array: the element stands in the array's place, the other columns are repeated. A row
// with an empty or null array goes on with a null element (`outer`), or is counted as FILTERED. The rows keep the `_src` of
// the record that they came from, which several rows then share, and the array's order.
//
// Books: a row that became n rows has made n - 1.
//
// Threads: one caller at a time. Ownership: keeps the session alive. Errors: Fault::config for a column that is no array.

#include <memory>
#include <string>

#include "base/result.h"
#include "config/stateless_spec.h"
#include "data/schema.h"
#include "sql/session.h"
#include "steps/step.h"

namespace weir {

class Flatten final : public Step {
 public:
  // The error's place is "steps.<name>.flatten.<key>".
  static Result<std::unique_ptr<Flatten>> make(const std::string& name, const FlattenSpec& spec, const Schema& input,
                                               std::shared_ptr<Session> compute);

  const Schema& schema() const override { return *schema_; }
  Result<StepOutput> process(const Batch& rows) override;
  std::string explain() const override;

 private:
  Flatten(std::string name, bool outer, std::size_t column, std::shared_ptr<const Schema> schema,
          std::shared_ptr<Session> compute, Query query)
      : name_(std::move(name)),
        outer_(outer),
        column_(column),
        schema_(std::move(schema)),
        compute_(std::move(compute)),
        query_(std::move(query)) {}

  std::string name_;
  bool outer_;
  std::size_t column_;
  std::shared_ptr<const Schema> schema_;
  std::shared_ptr<Session> compute_;
  Query query_;
};

}  // namespace weir
