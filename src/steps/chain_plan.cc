#include "steps/chain_plan.h"

#include <algorithm>

#include "base/check.h"

namespace weir {
namespace {

// CASE expressions nest; DuckDB's parser takes 1,000 levels.
constexpr std::size_t clauses_max = 64;
constexpr std::string_view reserved_prefix = "_weir_";

class Planner {
 public:
  Planner(Session& session, ChainPlan& plan, std::vector<Error>& problems)
      : session_(session), plan_(plan), problems_(problems) {}

  void start(const Schema& input) {
    plan_.input = input;
    plan_.has_op = input.find(op_column).has_value();
    if (!input.find(src_column)) problem("", Error{Fault::internal, Retry::no, "the rows have no _src column", {}});
    visible_ = input.visible();
    for (const Column& column : visible_.columns())
      if (column.name.starts_with(reserved_prefix))
        problem(
            "",
            Error{Fault::config, Retry::no, "column names that begin with _weir_ are Weir's own: " + column.name, {}});
    open_stage();
  }

  void add(const StepSpec& entry) {
    entry_ = plan_.steps.size();
    plan_.steps.push_back(entry.name);
    std::visit([this](const auto& body) { add_body(body); }, entry.body);
  }

  void finish() {
    close_stage();
    if (plan_.stages.back().clauses.empty() && !plan_.stages.back().projects && plan_.stages.size() > 1)
      plan_.stages.pop_back();
    plan_.output = visible_;
    for (const std::string_view hidden : {src_column, op_column})
      if (const auto at = plan_.input.find(hidden)) plan_.output.add(plan_.input.columns()[*at]);
    find_live();
    number_fates();
  }

 private:
  void problem(const std::string& key, Error error) {
    error.place = "steps";
    if (!plan_.steps.empty()) error.place += "." + plan_.steps.back();
    if (!key.empty()) error.place += "." + key;
    problems_.push_back(std::move(error));
  }

  void open_stage() { plan_.stages.emplace_back(); }

  // Without a projection of its own a stage passes all columns on.
  void close_stage() {
    ChainStage& stage = plan_.stages.back();
    if (!stage.projects)
      for (const Column& column : visible_.columns())
        stage.columns.push_back({column, column.name, std::nullopt, 0, true});
  }

  std::optional<Expression> expression(const std::string& key, const std::string& text, Wanted wanted) {
    Result<Expression> checked = check_expression(session_, text, visible_, wanted);
    if (checked) return std::move(*checked);
    problem(key, std::move(checked).error());
    return std::nullopt;
  }

  void add_clause(ChainClause clause) {
    if (plan_.stages.back().clauses.size() == clauses_max) {
      close_stage();
      open_stage();
    }
    plan_.stages.back().clauses.push_back(std::move(clause));
  }

  void add_body(const FilterSpec& filter) {
    if (auto condition = expression("filter", filter.condition, Wanted::condition))
      add_clause({ChainClause::Kind::filter, entry_, "", "", std::move(*condition), 0, 0});
  }

  void add_body(const ExpectSpec& expect) {
    for (const ExpectationSpec& rule : expect.rules) {
      const auto kind = rule.on_fail == OnFail::dead_letter ? ChainClause::Kind::dead_letter
                        : rule.on_fail == OnFail::warn      ? ChainClause::Kind::warn
                                                            : ChainClause::Kind::fail;
      if (auto condition = expression("expect." + rule.name + ".check", rule.check, Wanted::condition))
        add_clause({kind, entry_, rule.name, rule.owner, std::move(*condition), 0, 0});
    }
  }

  void add_body(const SelectSpec& select) {
    std::vector<ChainColumn> columns;
    if (select.all)
      for (const Column& column : visible_.columns()) columns.push_back({column, column.name, std::nullopt, 0, true});
    std::vector<std::string> named;
    for (const auto& [name, text] : select.columns) {
      const std::string key = "select." + name;
      if (!check_name(key, name, named)) continue;
      named.push_back(name);
      auto computed = expression(key, text, Wanted::value);
      if (!computed) continue;
      ChainColumn column = make_column(name, std::move(*computed));
      const auto same = std::find_if(columns.begin(), columns.end(),
                                     [&](const ChainColumn& other) { return same_name(other.column.name, name); });
      if (same == columns.end())
        columns.push_back(std::move(column));
      else
        *same = std::move(column);
    }
    if (columns.empty())
      problem("select", Error{Fault::config, Retry::no, "a select needs \"*\": true or a column", {}});
    ChainStage& stage = plan_.stages.back();
    stage.projects = true;
    stage.entry = entry_;
    Schema after;
    for (const ChainColumn& column : columns) after.add(column.column);
    stage.columns = std::move(columns);
    visible_ = std::move(after);
    open_stage();
  }

  template <class Stateful>
  void add_body(const Stateful&) {
    CHECK(false, "a step that remembers is in no chain");
  }

  static bool same_name(std::string_view a, std::string_view b) {
    return Schema({{std::string(a), {}, true}}).find(b).has_value();
  }

  bool check_name(const std::string& key, const std::string& name, const std::vector<std::string>& before) {
    std::string what;
    if (name.empty())
      what = "a column needs a name";
    else if (name.starts_with(reserved_prefix) || same_name(name, src_column) || same_name(name, op_column))
      what = "the name is Weir's own; choose another";
    else if (std::any_of(before.begin(), before.end(),
                         [&](const std::string& other) { return same_name(other, name); }))
      what = "the column is there twice (upper and lower case are the same in SQL)";
    if (what.empty()) return true;
    problem(key, Error{Fault::config, Retry::no, what, {}});
    return false;
  }

  // An expression that is just a column passes it on, with what is known of it.
  ChainColumn make_column(const std::string& name, Expression computed) const {
    const auto plain = visible_.find(computed.text);
    if (plain && computed.columns.size() == 1 && computed.columns[0] == visible_.columns()[*plain].name) {
      Column column = visible_.columns()[*plain];
      std::string from = std::exchange(column.name, name);
      return {std::move(column), std::move(from), std::nullopt, 0, true};
    }
    Column column{name, computed.type, true};
    return {std::move(column), "", std::move(computed), 0, true};
  }

  static void want(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }

  // A column that nothing needs is not computed, so that it cannot fail either.
  void find_live() {
    std::vector<std::string> wanted;
    for (const ChainColumn& column : plan_.stages.back().columns) want(wanted, column.column.name);
    for (auto stage = plan_.stages.rbegin(); stage != plan_.stages.rend(); ++stage) {
      std::vector<std::string> needed;
      for (ChainColumn& column : stage->columns) {
        column.live = std::find(wanted.begin(), wanted.end(), column.column.name) != wanted.end();
        if (!column.live) continue;
        if (!column.expression)
          want(needed, column.from);
        else
          for (const std::string& name : column.expression->columns) want(needed, name);
      }
      for (const ChainClause& clause : stage->clauses)
        for (const std::string& name : clause.condition.columns) want(needed, name);
      wanted = stage->reads = std::move(needed);
    }
  }

  std::uint32_t fate(ChainFate fate) {
    plan_.fates.push_back(fate);
    return static_cast<std::uint32_t>(plan_.fates.size() - 1);
  }

  void number_fates() {
    for (ChainStage& stage : plan_.stages) {
      for (ChainClause& clause : stage.clauses) {
        const bool filter = clause.kind == ChainClause::Kind::filter;
        clause.failed =
            fate({filter ? ChainFate::Kind::filtered : ChainFate::Kind::check_failed, clause.entry, &clause, nullptr});
        clause.erring = fate({ChainFate::Kind::error, clause.entry, &clause, nullptr});
      }
      for (ChainColumn& column : stage.columns)
        if (column.expression && column.live)
          column.erring = fate({ChainFate::Kind::error, stage.entry, nullptr, &column});
    }
  }

  Session& session_;
  ChainPlan& plan_;
  std::vector<Error>& problems_;
  Schema visible_;
  std::size_t entry_ = 0;
};

}  // namespace

bool ChainPlan::projects() const {
  return std::any_of(stages.begin(), stages.end(), [](const ChainStage& stage) { return stage.projects; });
}

void plan_chain(const std::vector<StepSpec>& entries, const Schema& input, Session& session, ChainPlan& plan,
                std::vector<Error>& problems) {
  CHECK(!entries.empty(), "a chain has an entry");
  Planner planner(session, plan, problems);
  planner.start(input);
  for (const StepSpec& entry : entries) planner.add(entry);
  planner.finish();
}

}  // namespace weir
