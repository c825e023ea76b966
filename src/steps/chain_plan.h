#pragma once
// What a chain of filter, select and expect entries does, checked and with types, before it becomes SQL.
//
// A chain is a list of stages; in each, clauses take rows out or count them, then a projection may make new columns. Every
// way in which a row can leave has a number, its fate.
//
// Threads: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/step_spec.h"
#include "data/schema.h"
#include "sql/expression.h"
#include "sql/session.h"

namespace weir {

struct ChainClause {
  enum class Kind { filter, dead_letter, warn, fail };
  Kind kind = Kind::filter;
  std::size_t entry = 0;  // in the YAML list
  std::string rule;       // of an expectation
  std::string owner;
  Expression condition;
  std::uint32_t failed = 0;  // fate of a row where the condition is not TRUE
  std::uint32_t erring = 0;  // fate of a row where it cannot be computed
};

struct ChainColumn {
  Column column;
  std::string from;                      // the column before, where it is only passed on
  std::optional<Expression> expression;  // else
  std::uint32_t erring = 0;
  bool live = true;  // a later clause, column or the output needs it
};

struct ChainStage {
  std::vector<ChainClause> clauses;
  bool projects = false;
  std::size_t entry = 0;             // of the projection
  std::vector<ChainColumn> columns;  // visible ones after the stage
  std::vector<std::string> reads;    // columns before the stage that it or a later one needs
};

struct ChainFate {
  enum class Kind { filtered, check_failed, error };
  Kind kind = Kind::filtered;
  std::size_t entry = 0;
  const ChainClause* clause = nullptr;  // or
  const ChainColumn* column = nullptr;
  const Expression& expression() const { return clause != nullptr ? clause->condition : *column->expression; }
};

// Immovable: fates point into stages.
struct ChainPlan {
  ChainPlan() = default;
  ChainPlan(const ChainPlan&) = delete;
  ChainPlan& operator=(const ChainPlan&) = delete;

  std::vector<std::string> steps;  // names of the entries
  Schema input;
  Schema output;  // hidden columns included
  bool has_op = false;
  std::vector<ChainStage> stages;
  std::vector<ChainFate> fates;

  bool projects() const;
  bool can_err() const { return !fates.empty(); }
};

// Fills the plan; what is wrong goes to `problems`, each with the place as "steps.<name>.<key>". The plan is of use only
// where there are none.
void plan_chain(const std::vector<StepSpec>& entries, const Schema& input, Session& session, ChainPlan& plan,
                std::vector<Error>& problems);

}  // namespace weir
