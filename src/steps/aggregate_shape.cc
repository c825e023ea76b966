#include "steps/aggregate_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/units.h"
#include "data/row_codec.h"
#include "sql/expression.h"

namespace weir {
namespace {

constexpr Type timestamp{TypeKind::timestamp, 0, 0, {}};

std::string list_of(const std::vector<std::string>& items) { return fmt::format("{}", fmt::join(items, ", ")); }

std::vector<std::string> quoted(const Schema& schema) {
  std::vector<std::string> out;
  for (const Column& column : schema.columns()) out.push_back(quote_identifier(column.name));
  return out;
}

// -0.0 is 0.0, so that a group always comes out with the same key.
std::string key_sql(const Expression& key) {
  if (key.type.kind != TypeKind::float32 && key.type.kind != TypeKind::float64) return key.sql();
  return "CASE WHEN " + key.sql() + " = 0 THEN CAST(0 AS " + to_sql(key.type) + ") ELSE " + key.sql() + " END";
}

class Shaper {
 public:
  Shaper(const AggregateOptions& options, Session& session) : options_(options), session_(session) {}

  Result<AggregateShape> shape(const Schema& input) {
    TRY(check_window());
    TRY(check_input(input));
    TRY(add_by());
    TRY(plan_select());
    TRY(check_types());
    make_rows();
    make_groups();
    make_output();
    add_meanings();
    return std::move(shape_);
  }

 private:
  tl::unexpected<Error> wrong(const std::string& key, std::string message) const {
    return fail(Fault::config, std::move(message), place(key));
  }

  std::string place(const std::string& key) const {
    return "steps." + options_.name + ".aggregate" + (key.empty() ? "" : "." + key);
  }

  Status check_window() const {
    if (!options_.window) return wrong("window", "window: none is not there yet");
    if (options_.window->session) return check_session();
    if (!options_.window->tumbling) return wrong("window", "this kind of window is not there yet; write tumbling: 5m");
    if (options_.window->tumbling->count() <= 0) return wrong("window.tumbling", "a window needs a length above zero");
    if (!options_.window->time_zone.empty()) return wrong("window.time_zone", "time zones are not there yet");
    if (options_.mode == EmitMode::complete)
      return wrong("mode", "complete is not there yet; append gives each window once, update what changed");
    return {};
  }

  Status check_session() const {
    if (options_.window->session->count() <= 0) return wrong("window.session", "a session needs a gap above zero");
    if (options_.mode == EmitMode::complete)
      return wrong("mode",
                   "complete would keep every session for ever; update gives those that changed and takes away those "
                   "that went into another, append gives each once");
    return {};
  }

  Status check_input(const Schema& input) {
    shape_.maker = options_.maker;
    shape_.input = input;
    const auto time = input.find(options_.time);
    if (!time || input.columns()[*time].type.kind != TypeKind::timestamp)
      return wrong("", fmt::format("needs the event time '{}' as a timestamp column; keep it in the steps before",
                                   options_.time));
    if (input.find(op_column))
      return wrong("", "reads rows that change (mode: update) and would count them again; use mode: append there");
    shape_.time = *time;
    return {};
  }

  Status check_name(const std::string& key, const std::string& name) {
    if (name.empty()) return wrong(key, "a column needs a name");
    if (names_.find(name))
      return wrong(key, "the column " + quote_identifier(name) +
                            " is there twice (upper and lower case are the same, and window_start and window_end are "
                            "there already)");
    const bool own = name.starts_with("_weir_") || Schema({{std::string(src_column), {}}}).find(name) ||
                     Schema({{std::string(op_column), {}}}).find(name) || name.find_first_of("#@%") == 0;
    if (own) return wrong(key, "the name " + quote_identifier(name) + " is Weir's own; choose another");
    names_.add({name, {}, true});
    return {};
  }

  Status add_by() {
    const Schema visible = shape_.input.visible();
    for (const std::string_view name : {window_start, window_end}) {
      names_.add({std::string(name), timestamp, true});
      keys_.add({std::string(name), timestamp, true});
    }
    for (const auto& [name, text] : options_.by) {
      const std::string key = "by." + name;
      TRY(check_name(key, name));
      auto computed = check_expression(session_, text, visible, Wanted::value);
      if (!computed) return wrong(key, computed.error().message);
      keys_.add({name, computed->type, true});
      shape_.by.push_back(key_sql(*computed));
    }
    for (const auto& [name, text] : options_.select) TRY(check_name("select." + name, name));
    if (options_.select.empty()) return wrong("select", "needs a column");
    return {};
  }

  // One at a time where all together do not work, to name the one at fault.
  Status plan_select() {
    const Schema visible = shape_.input.visible();
    auto plan = plan_aggregates(session_, options_.select, visible, keys_, options_.time);
    if (plan) {
      shape_.results = std::move(*plan);
      return {};
    }
    for (const auto& column : options_.select)
      if (auto alone = plan_aggregates(session_, {column}, visible, keys_, options_.time); !alone)
        return wrong("select." + column.first, alone.error().message);
    return fail(std::move(plan).error());
  }

  // What state cannot hold is said of the column that needs it.
  Status check_types() {
    for (std::size_t i = 0; i < options_.by.size(); ++i)
      if (const auto codec = RowCodec::make({keys_.columns()[i + 2]}, RowForm::key); !codec)
        return wrong("by." + options_.by[i].first, codec.error().message);
    const auto check = [this](const std::string& name, const Type& type, RowForm form) -> Status {
      const auto codec = RowCodec::make({{name, type, true}}, form);
      if (codec) return {};
      for (const AggregateResult& result : shape_.results.results)
        if (result.sql.find(quote_identifier(name)) != std::string::npos)
          return wrong("select." + result.name,
                       "needs values of type " + to_string(type) + " in state, which holds none, in: " + result.text);
      return fail(codec.error());
    };
    for (const AggregateKept& kept : shape_.results.kept) TRY(check(kept.name, kept.type, RowForm::row));
    // A session keeps a set as a list in its row.
    const bool lists = options_.window && options_.window->session;
    for (const AggregateSet& set : shape_.results.sets)
      TRY(check(set.name, lists ? list_type(set.type) : set.type, lists ? RowForm::row : RowForm::key));
    return {};
  }

  void make_rows() {
    SelectSpec select;
    for (std::size_t i = 0; i < options_.by.size(); ++i)
      select.columns.emplace_back(options_.by[i].first, shape_.by[i]);
    for (const AggregateArgument& argument : shape_.results.arguments)
      select.columns.emplace_back(argument.name, argument.sql);
    select.columns.emplace_back(row_time, quote_identifier(options_.time));
    shape_.of_rows = {options_.name, "", std::move(select)};
  }

  void make_groups() {
    AggregatePlan& groups = shape_.groups = shape_.results;
    groups.keys = Schema();
    for (const Column& column : keys_.columns())
      if (column.name != window_end) groups.keys.add(column);
    for (const AggregateSet& set : groups.sets)
      groups.kept.push_back({set.name, "CAST(NULL AS BIGINT)",
                             "CAST(coalesce(sum(" + quote_identifier(set.name) + "), 0) AS BIGINT)",
                             Type{TypeKind::int64}});
    shape_.state = groups.state();
  }

  void make_output() {
    Schema& output = shape_.output = keys_;
    for (const AggregateResult& result : shape_.results.results) output.add({result.name, result.type, true});
    output.add({std::string(src_column), Type{TypeKind::uint64}, false});
    if (options_.mode == EmitMode::update) output.add({std::string(op_column), Type{TypeKind::uint8}, false});
  }

  // Names of results and what is made of kept columns are free to change.
  void add_meanings() {
    const auto add = [this](const std::string& field, std::string value, const std::string& key) {
      shape_.meanings.push_back({field, std::move(value), {}, false, place(key)});
    };
    std::vector<std::string> by, kept;
    for (std::size_t i = 0; i < shape_.by.size(); ++i)
      by.push_back(fmt::format("{} {} = {}", keys_.columns()[i + 2].name, to_string(keys_.columns()[i + 2].type),
                               options_.by[i].second));
    const auto of_rows = [this](std::string text) {
      for (auto argument = shape_.results.arguments.rbegin(); argument != shape_.results.arguments.rend(); ++argument) {
        std::string sql = argument->sql;
        if (sql.starts_with('(') && sql.ends_with("\n)")) sql = sql.substr(1, sql.size() - 3);
        const std::string name = quote_identifier(argument->name);
        for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; at += sql.size())
          text.replace(at, name.size(), sql);
      }
      std::erase(text, '\n');
      return text;
    };
    for (const AggregateKept& column : shape_.results.kept) kept.push_back(of_rows(column.partial));
    for (const AggregateSet& set : shape_.results.sets)
      kept.push_back("count(DISTINCT " + of_rows(quote_identifier(set.argument)) + ")");
    add("event time", options_.time, "");
    add("window", window_meaning(), "window");
    add("by", by.empty() ? "nothing" : list_of(by), "by");
    add("select", list_of(kept), "select");
    // A group that came out as an upsert would not come out when its window closes, or twice.
    add("mode", options_.mode == EmitMode::update ? "update" : "append", "mode");
  }

  std::string window_meaning() const {
    const TimeWindowSpec& window = *options_.window;
    if (window.session) return "session: " + format_duration(*window.session);
    const std::chrono::microseconds length = *window.tumbling;
    return fmt::format("tumbling: {}, offset: {}", format_duration(length),
                       format_duration((length + window.offset % length) % length));
  }

  const AggregateOptions& options_;
  Session& session_;
  AggregateShape shape_;
  Schema names_;  // of the columns that come out
  Schema keys_;
};

}  // namespace

std::string AggregateShape::rows_sql() const {
  std::vector<std::string> list{quote_identifier(row_window) + " AS " + quote_identifier(window_start)};
  for (std::size_t i = 0; i < by.size(); ++i)
    list.push_back(by[i] + " AS " + quote_identifier(groups.keys.columns()[i + 1].name));
  for (const AggregateArgument& argument : groups.arguments)
    list.push_back("(" + argument.sql + ") AS " + quote_identifier(argument.name));
  return "(SELECT " + list_of(list) + " FROM input) AS _weir_q";
}

std::string AggregateShape::set_sizes_sql(std::size_t set) const {
  const std::vector<std::string> keys = quoted(groups.keys);
  std::vector<std::string> list = keys;
  for (const AggregateKept& kept : groups.kept)
    list.push_back(
        (kept.name == groups.sets[set].name ? "CAST(count(*) AS BIGINT)" : "CAST(NULL AS " + to_sql(kept.type) + ")") +
        " AS " + quote_identifier(kept.name));
  return "SELECT " + list_of(list) + " FROM input GROUP BY " + list_of(keys);
}

std::string AggregateShape::output_sql(bool sorted) const {
  std::string sql = results.final_sql();
  if (!sorted) return sql;
  std::vector<std::string> order;
  for (const std::string& key : quoted(groups.keys)) order.push_back(key + " ASC NULLS FIRST");
  return sql + " ORDER BY " + list_of(order);
}

std::string AggregateShape::column_for(const std::string& computed) const {
  const std::string argument = quote_identifier(computed);
  std::vector<std::string> kept;
  for (const AggregateKept& column : results.kept)
    if (column.partial.find(argument) != std::string::npos) kept.push_back(quote_identifier(column.name));
  for (const AggregateSet& set : results.sets)
    if (set.argument == computed) kept.push_back(quote_identifier(set.name));
  for (const AggregateResult& result : results.results)
    for (const std::string& name : kept)
      if (result.sql.find(name) != std::string::npos) return result.name;
  return computed;
}

Result<AggregateShape> shape_aggregate(const AggregateOptions& options, const Schema& input, Session& session) {
  return Shaper(options, session).shape(input);
}

}  // namespace weir
