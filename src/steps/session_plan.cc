#include "steps/session_plan.h"

#include <fmt/format.h>

#include "steps/made_columns.h"

namespace weir {
namespace {

constexpr std::string_view session_end = "#end";

std::string list_of(const std::vector<std::string>& items) { return fmt::format("{}", fmt::join(items, ", ")); }

}  // namespace

SessionPlan::SessionPlan(const AggregateShape& shape, std::chrono::microseconds gap)
    : shape_(&shape), gap_(gap.count()) {
  const std::vector<Column>& keys = shape.groups.keys.columns();
  for (std::size_t i = 1; i < keys.size(); ++i) by_.push_back(quote_identifier(keys[i].name));
  const std::string end = quote_identifier(session_end);
  kept_.push_back({std::string(session_end),
                   fmt::format("make_timestamptz(epoch_us(max({})) + {})", quote_identifier(row_time), gap_),
                   "max(" + end + ")", keys[0].type});
  for (const AggregateKept& kept : shape.results.kept) kept_.push_back(kept);
  for (const AggregateSet& set : shape.results.sets) {
    const std::string name = quote_identifier(set.name);
    const std::string argument = quote_identifier(set.argument);
    kept_.push_back({set.name, "list(DISTINCT " + argument + ") FILTER (WHERE " + argument + " IS NOT NULL)",
                     "list_distinct(flatten(list(" + name + ") FILTER (WHERE " + name + " IS NOT NULL)))",
                     list_type(set.type)});
  }
  state_ = shape.groups.keys;
  for (const AggregateKept& kept : kept_) state_.add({kept.name, kept.type, true});
}

// Rows of a key follow each other in time; a new session begins where a gap lies before a row. Rows of the same time are
// peers in the frame of the sum, so they stay together.
std::string SessionPlan::sessions_sql(const std::string& from) const {
  const std::string time = "epoch_us(" + quote_identifier(row_time) + ")";
  const std::string over = (by_.empty() ? "" : "PARTITION BY " + list_of(by_) + " ") + "ORDER BY " + time;
  std::vector<std::string> list{"min(" + quote_identifier(row_time) + ") AS " + quote_identifier(window_start)};
  list.insert(list.end(), by_.begin(), by_.end());
  for (const AggregateKept& kept : kept_) list.push_back(kept.partial + " AS " + quote_identifier(kept.name));
  std::vector<std::string> keys = by_;
  keys.emplace_back("\"#s\"");
  return fmt::format(
      "SELECT {} FROM (SELECT *, sum(\"#new\") OVER ({}) AS \"#s\" FROM (SELECT *, CASE WHEN {} < lag({}) OVER ({}) + "
      "{} "
      "THEN 0 ELSE 1 END AS \"#new\" FROM {})) GROUP BY {}",
      list_of(list), over, time, time, over, gap_, from, list_of(keys));
}

std::string SessionPlan::sessions_of_rows() const {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < by_.size(); ++i) list.push_back(shape_->by[i] + " AS " + by_[i]);
  for (const AggregateArgument& argument : shape_->groups.arguments)
    list.push_back("(" + argument.sql + ") AS " + quote_identifier(argument.name));
  list.push_back(quote_identifier(shape_->input.columns()[shape_->time].name) + " AS " + quote_identifier(row_time));
  return sessions_sql("(SELECT " + list_of(list) + " FROM input)");
}

std::string SessionPlan::sessions_of_computed() const { return sessions_sql("input"); }

std::string SessionPlan::merge_sql() const {
  std::vector<std::string> keys = by_;
  keys.insert(keys.begin(), quote_identifier(window_start));
  std::vector<std::string> list = keys;
  for (const AggregateKept& kept : kept_) list.push_back(kept.merge + " AS " + quote_identifier(kept.name));
  return "SELECT " + list_of(list) + " FROM input GROUP BY " + list_of(keys);
}

Batch SessionPlan::for_results(const Batch& sessions, const std::shared_ptr<const Schema>& schema) const {
  // State: start, by, end, kept, sets. Results read: start, end, by, kept, sizes.
  const std::size_t sets = shape_->results.sets.size();
  std::vector<std::size_t> from{0, keys()};
  for (std::size_t i = 1; i < keys(); ++i) from.push_back(i);
  for (std::size_t i = keys() + 1; i < state_.size() - sets; ++i) from.push_back(i);
  const std::size_t first_set = from.size();
  from.resize(first_set + sets, made_column);
  return with_made_columns(sessions, schema, from, [&](const Chunk& chunk, Chunk& made, std::uint64_t) {
    for (std::size_t set = 0; set < sets; ++set) {
      const duckdb_vector members = chunk.column(state_.size() - sets + set);
      const auto* const entries = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(members));
      const std::uint64_t* const validity = duckdb_vector_get_validity(members);
      auto* const sizes = column_values<std::int64_t>(made, first_set + set);
      for (std::size_t i = 0; i < chunk.rows(); ++i)
        sizes[i] = is_valid(validity, i) ? static_cast<std::int64_t>(entries[i].length) : 0;
    }
  });
}

}  // namespace weir
