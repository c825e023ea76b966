#include "sql/aggregate_plan.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/letter_case.h"
#include "sql/aggregate_table.h"
#include "sql/ast.h"
#include "sql/batch_clock.h"
#include "sql/expression.h"
#include "sql/function_list.h"

namespace weir {
namespace {

std::string replaced(std::string_view text, std::string_view what, const std::string& with) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at, what.size()) == what) {
      out += with;
      at += what.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> out;
  for (const Column& column : schema.columns()) out.push_back(quote_identifier(column.name));
  return out;
}

class Planner {
 public:
  Planner(Session& session, const Schema& rows, const Schema& keys, const std::string& time)
      : session_(session), rows_(rows), time_(time) {
    plan_.keys = keys;
  }

  Status add(const std::string& name, const std::string& text) {
    text_ = text;
    Json tree = TRY(parse_expression(session_, text));
    aggregates_ = 0;
    TRY(take_apart(tree));
    if (aggregates_ == 0)
      return fail(Fault::config, "there is no aggregate in: " + text + "; use one of " + joined(aggregate_names()) +
                                     ", or put it into `by`");
    auto sql = unparse_expression(session_, tree);
    if (!sql)
      return fail(Fault::config,
                  "a lambda beside an aggregate is not supported; compute it in a select step, in: " + text);
    for (std::size_t i = 0; i < finals_.size(); ++i) *sql = replaced(*sql, final_name(i), finals_[i]);
    plan_.results.push_back({name, text, *sql, {}});
    return {};
  }

  Result<AggregatePlan> finish() {
    TRY(type_kept());
    const Schema input = plan_.final_input();
    for (AggregateResult& result : plan_.results) {
      auto query = session_.prepare("SELECT (" + result.sql + ") AS v FROM input", {{"input", input}});
      if (!query) return fail(Fault::config, query.error().message + ", in: " + result.text);
      result.type = query->schema().columns()[0].type;
    }
    return std::move(plan_);
  }

 private:
  // Puts columns in the place of aggregates, from the top down.
  Status take_apart(Json& node) {
    if (!node.is_structured()) return {};
    if (node.is_object() && node.value("class", "") == "FUNCTION") {
      const std::string name = lower_case(node["function_name"].get<std::string>());
      if (is_aggregate_name(name)) return take_aggregate(node, name);
      if (asks_for_time(node)) return use_clock(session_, node);
      TRY(check_function(node, name));
    }
    if (node.is_object() && node.value("class", "") == "COLUMN_REF") return check_key(node);
    if (node.is_object() && (node.value("class", "") == "SUBQUERY" || node.value("class", "") == "WINDOW" ||
                             node.value("class", "") == "STAR"))
      return expression_error(text_, place_of(node), "a subquery, window function or * is not allowed here");
    for (auto& child : node) TRY(take_apart(child));
    return {};
  }

  Status check_function(const Json& node, const std::string& name) {
    if (is_allowed_function(name)) return {};
    if (const auto reason = why_no_aggregate(name); !reason.empty())
      return expression_error(text_, place_of(node), name + "() " + std::string(reason));
    if (const auto reason = why_refused(name); !reason.empty())
      return expression_error(text_, place_of(node), name + "() " + std::string(reason));
    return expression_error(
        text_, place_of(node),
        "there is no aggregate or function " + name + "(); aggregates: " + joined(aggregate_names()));
  }

  Status check_key(Json& node) {
    const std::string name = node["column_names"][0].get<std::string>();
    if (plan_.keys.find(name)) return {};
    if (asks_for_time(node)) return use_clock(session_, node);
    return expression_error(text_, place_of(node),
                            quote_identifier(name) + " is neither in `by` nor within an aggregate");
  }

  // An argument or a filter as text, checked over the columns of a row.
  Result<Expression> part(const Json& node, Wanted wanted) {
    const auto text = unparse_expression(session_, without_alias(node));
    if (!text)
      return expression_error(text_, place_of(node),
                              "a lambda within an aggregate is not supported; compute it in a select step");
    Result<Expression> checked = check_expression(session_, *text, rows_, wanted);
    if (!checked) return fail(Fault::config, checked.error().message + ", in: " + text_);
    for (const std::string& name : checked->columns)
      if (std::find(plan_.columns.begin(), plan_.columns.end(), name) == plan_.columns.end())
        plan_.columns.push_back(name);
    return checked;
  }

  static Json without_alias(Json node) {
    node["alias"] = "";
    return node;
  }

  Status take_aggregate(Json& node, const std::string& name) {
    ++aggregates_;
    if (!node["order_bys"]["orders"].empty())
      return expression_error(text_, place_of(node),
                              "ORDER BY within an aggregate is not supported; min_by and max_by take what to order by");
    Wants wants{name, node.value("distinct", false) && !ignores_distinct(name), nullptr, {}};
    const bool counts_distinct = wants.distinct && name == "count";
    wants.family = aggregate_family(name, wants.distinct && !counts_distinct);
    if (wants.family == nullptr)
      return expression_error(text_, place_of(node),
                              "DISTINCT is there for count, sum, avg, list, min and max only, not for " + name + "()");
    std::string condition;
    if (const Json filter = node.value("filter", Json()); !filter.is_null())
      condition = TRY(part(filter, Wanted::condition)).sql();
    std::vector<std::string> values = TRY(arguments_of(node, wants));
    if (values.empty() && !condition.empty()) {
      values = {"1"};
      wants.name = "count";
    }
    std::optional<std::size_t> argument;
    std::optional<Type> type;
    if (!values.empty()) {
      type = TRY(type_of(values.front()));
      argument = TRY(add_argument(argument_sql(values, condition, *wants.family)));
    }
    std::string final = counts_distinct ? add_set(*argument) : TRY(add_kept(node, wants, argument, type));
    // What DuckDB does not write back is put in at the end (ast.h, unparse_expression).
    if (final.find("lambda ") != std::string::npos) {
      finals_.push_back(std::move(final));
      final = final_name(finals_.size() - 1);
    }
    node = TRY(parse_expression(session_, final));
    return {};
  }

  // One call of an aggregate.
  struct Wants {
    std::string name;
    bool distinct;
    const Aggregate* family;
    std::vector<std::string> parameters;  // as SQL; of quantiles one for each place
    bool list = false;                    // quantiles are asked for as a list
  };

  static std::string final_name(std::size_t i) { return quote_identifier("@final" + std::to_string(i)); }

  // The arguments as SQL; the parameter is taken from among them.
  Result<std::vector<std::string>> arguments_of(const Json& node, Wants& wants) {
    const Json& children = node["children"];
    const Aggregate& family = *wants.family;
    const bool pair = family.argument == Aggregate::Argument::pair;
    const std::size_t count = pair ? 2 : family.takes == Aggregate::Takes::nothing ? 0 : 1;
    const bool has_parameter = family.parameter != Aggregate::Parameter::none;
    const bool may_leave_out = family.parameter == Aggregate::Parameter::separator;
    if (children.size() != count + (has_parameter ? 1 : 0) && !(may_leave_out && children.size() == count))
      return expression_error(text_, place_of(node), wants.name + "() takes " + what_it_takes(family));
    std::vector<std::string> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(TRY(part(children[i], Wanted::value)).sql());
    if (may_leave_out && children.size() == count) wants.parameters = {"','"};
    if (has_parameter && children.size() > count) TRY(take_parameter(children[count], wants));
    return values;
  }

  static std::string what_it_takes(const Aggregate& family) {
    switch (family.parameter) {
      case Aggregate::Parameter::quantiles: return "a value and a place from 0 to 1, or a list of them";
      case Aggregate::Parameter::count: return "a value and how many of them";
      case Aggregate::Parameter::separator: return "a text and a separator";
      case Aggregate::Parameter::none: break;
    }
    if (family.argument == Aggregate::Argument::pair) return "a value and what it is chosen by";
    return family.takes == Aggregate::Takes::nothing ? "nothing" : "one value";
  }

  // A parameter is the same for all rows: it is computed here.
  Status take_parameter(const Json& node, Wants& wants) {
    const auto text = unparse_expression(session_, without_alias(node));
    const auto checked = text ? check_expression(session_, *text, rows_, Wanted::value)
                              : Result<Expression>(fail(Fault::config, "a lambda"));
    if (!checked || !checked->columns.empty())
      return expression_error(
          text_, place_of(node),
          "the second argument of " + wants.name + "() must be a constant: it takes " + what_it_takes(*wants.family));
    if (wants.family->parameter == Aggregate::Parameter::separator) {
      if (checked->type.kind != TypeKind::string)
        return expression_error(text_, place_of(node), "the separator of " + wants.name + "() must be a text");
      wants.parameters = {checked->sql()};
      return {};
    }
    wants.list = checked->type.kind == TypeKind::list;
    const std::string each = wants.list ? "unnest(" + checked->sql() + ")" : checked->sql();
    const auto numbers = session_.run("SELECT CAST(v AS DOUBLE) AS v FROM (SELECT " + each + " AS v)");
    const bool places = wants.family->parameter == Aggregate::Parameter::quantiles;
    const auto refuse = [&] {
      return expression_error(text_, place_of(node), wants.name + "() takes " + what_it_takes(*wants.family));
    };
    if (!numbers || numbers->empty() || (!places && wants.list)) return refuse();
    for (const auto& chunk : numbers->chunks()) {
      const auto* const values = static_cast<const double*>(duckdb_vector_get_data(chunk->column(0)));
      for (std::size_t i = 0; i < chunk->rows(); ++i) {
        const double value = is_valid(duckdb_vector_get_validity(chunk->column(0)), i) ? values[i] : -1;
        const bool good = places ? value >= 0 && value <= 1 : value >= 1 && value <= 1000 && value == std::floor(value);
        if (!good) return refuse();
        wants.parameters.push_back(places ? fmt::format("CAST('{}' AS DOUBLE)", value) : fmt::format("{:.0f}", value));
      }
    }
    return {};
  }

  // The argument of a row, NULL for one that does not count.
  std::string argument_sql(const std::vector<std::string>& values, std::string condition, const Aggregate& family) {
    std::string sql = values.front();
    const auto needs = [&](const std::string& value) {
      condition += (condition.empty() ? "" : " AND ") + value + " IS NOT NULL";
    };
    switch (family.argument) {
      case Aggregate::Argument::value: break;
      case Aggregate::Argument::pair:
        // A struct compares member by member.
        needs(values[0]);
        needs(values[1]);
        sql = "struct_pack(by := " + values[1] + ", value := " + values[0] + ")";
        break;
      case Aggregate::Argument::wrapped: sql = "struct_pack(value := " + sql + ")"; break;
      case Aggregate::Argument::ordered_values: needs(sql); [[fallthrough]];
      case Aggregate::Argument::ordered: sql = "struct_pack(" + row_order() + "value := " + sql + ")"; break;
    }
    return condition.empty() ? sql : "CASE WHEN " + condition + " THEN " + sql + " END";
  }

  // Members of a struct that put rows in order, whatever the batches they came in.
  std::string row_order() {
    std::string out;
    const auto add = [&](const std::string& member, const std::string& column) {
      out += member + " := " + quote_identifier(column) + ", ";
      if (std::find(plan_.columns.begin(), plan_.columns.end(), column) == plan_.columns.end())
        plan_.columns.push_back(column);
    };
    if (!time_.empty()) add("t", time_);
    for (const std::string name : {"topic", "partition", "offset"}) {
      const auto found = rows_.find("_" + name);
      if (!found) continue;
      const TypeKind kind = rows_.columns()[*found].type.kind;
      if (name == "topic" ? kind == TypeKind::string : kind == TypeKind::int32 || kind == TypeKind::int64)
        add(name.substr(0, 1), rows_.columns()[*found].name);
    }
    return out;
  }

  Result<Type> type_of(const std::string& sql) {
    auto query = session_.prepare("SELECT " + sql + " AS v FROM input", {{"input", rows_}});
    if (!query) return fail(Fault::config, query.error().message + ", in: " + text_);
    return query->schema().columns()[0].type;
  }

  Result<std::size_t> add_argument(const std::string& sql) {
    for (std::size_t i = 0; i < plan_.arguments.size(); ++i)
      if (plan_.arguments[i].sql == sql) return i;
    Type type = TRY(type_of(sql));
    plan_.arguments.push_back({"#" + std::to_string(plan_.arguments.size()), sql, std::move(type)});
    return plan_.arguments.size() - 1;
  }

  std::string add_set(std::size_t argument) {
    const std::string& name = plan_.arguments[argument].name;
    for (const AggregateSet& set : plan_.sets)
      if (set.argument == name) return quote_identifier(set.name);
    plan_.sets.push_back({"%" + std::to_string(plan_.sets.size()), name, plan_.arguments[argument].type});
    return quote_identifier(plan_.sets.back().name);
  }

  // A text that equal values share, and from which the value can be read again.
  static std::string text_of(const Type& type, const std::string& sql) {
    if (type.kind == TypeKind::string) return sql;
    const bool real = type.kind == TypeKind::float32 || type.kind == TypeKind::float64;
    return "CAST(" + (real ? "CASE WHEN " + sql + " = 0 THEN 0 ELSE " + sql + " END" : sql) + " AS VARCHAR)";
  }

  Result<std::string> add_kept(const Json& node, const Wants& wants, std::optional<std::size_t> argument,
                               const std::optional<Type>& type) {
    const Aggregate* const row = find_aggregate(wants.name, type ? &*type : nullptr, wants.family->distinct);
    if (row == nullptr)
      return expression_error(text_, place_of(node),
                              wants.name + "() does not take " + (type ? to_string(*type) : "nothing"));
    const std::string x = argument ? quote_identifier(plan_.arguments[*argument].name) : "";
    std::string final(row->final), first;
    for (std::size_t i = 0; i < row->states.size(); ++i) {
      std::string partial(row->states[i].partial);
      if (type) partial = replaced(partial, "$text", text_of(*type, x));
      partial = replaced(partial, "$x", x);
      const std::string kept = quote_identifier(keep(partial, replaced(row->states[i].merge, "$0", first)));
      if (i == 0) first = kept;
      final = replaced(final, "$" + std::to_string(i), kept);
    }
    if (type) final = replaced(final, "$T", to_sql(*type));
    if (wants.parameters.empty()) return final;
    if (!wants.list) return replaced(final, "$p", wants.parameters.front());
    std::vector<std::string> each;
    for (const std::string& parameter : wants.parameters) each.push_back(replaced(final, "$p", parameter));
    return "CASE WHEN " + first + " IS NOT NULL THEN [" + joined(each) + "] END";
  }

  std::string keep(const std::string& partial, std::string_view merge) {
    for (const AggregateKept& kept : plan_.kept)
      if (kept.partial == partial) return kept.name;
    const std::string name = "@" + std::to_string(plan_.kept.size());
    plan_.kept.push_back({name, partial, replaced(merge, "$s", quote_identifier(name)), {}});
    return name;
  }

  // DuckDB says of which types the kept columns are; a merge must give the same again.
  Status type_kept() {
    if (plan_.kept.empty()) return {};
    const Query partial = TRY(session_.prepare(plan_.partial_sql(), {{"input", plan_.input()}}));
    for (std::size_t i = 0; i < plan_.kept.size(); ++i)
      plan_.kept[i].type = partial.schema().columns().at(plan_.keys.size() + i).type;
    const Query merge = TRY(session_.prepare(plan_.merge_sql(), {{"input", plan_.state()}}));
    for (std::size_t i = 0; i < plan_.kept.size(); ++i)
      if (merge.schema().columns().at(plan_.keys.size() + i).type != plan_.kept[i].type)
        return fail(Fault::internal, "merging " + plan_.kept[i].partial + " changes its type");
    return {};
  }

  Session& session_;
  const Schema& rows_;
  const std::string& time_;
  AggregatePlan plan_;
  std::vector<std::string> finals_;
  std::string text_;
  int aggregates_ = 0;
};

std::string grouped(const Schema& keys, std::vector<std::string> columns, const std::string& from) {
  const std::vector<std::string> names = names_of(keys);
  columns.insert(columns.begin(), names.begin(), names.end());
  std::string sql = "SELECT " + joined(columns) + " FROM " + from;
  if (!names.empty()) sql += " GROUP BY " + joined(names);
  return sql;
}

}  // namespace

Schema AggregatePlan::input() const {
  Schema out = keys;
  for (const AggregateArgument& argument : arguments) out.add({argument.name, argument.type, true});
  return out;
}

Schema AggregatePlan::state() const {
  Schema out = keys;
  for (const AggregateKept& column : kept) out.add({column.name, column.type, true});
  return out;
}

Schema AggregatePlan::final_input() const {
  Schema out = state();
  for (const AggregateSet& set : sets) out.add({set.name, {TypeKind::int64, 0, 0, {}}, true});
  return out;
}

std::string AggregatePlan::partial_sql(const std::string& from) const {
  std::vector<std::string> list;
  for (const AggregateKept& column : kept) list.push_back(column.partial + " AS " + quote_identifier(column.name));
  return grouped(keys, std::move(list), from);
}

std::string AggregatePlan::merge_sql() const {
  std::vector<std::string> list;
  for (const AggregateKept& column : kept) list.push_back(column.merge + " AS " + quote_identifier(column.name));
  return grouped(keys, std::move(list), "input");
}

std::string AggregatePlan::final_sql() const {
  std::vector<std::string> list = names_of(keys);
  for (const AggregateResult& result : results)
    list.push_back("(" + result.sql + ") AS " + quote_identifier(result.name));
  return "SELECT " + joined(list) + " FROM input";
}

std::string AggregatePlan::set_sql(std::size_t set, const std::string& from) const {
  std::vector<std::string> list = names_of(keys);
  const std::string argument = quote_identifier(sets.at(set).argument);
  list.push_back(argument + " AS member");
  return "SELECT DISTINCT " + joined(list) + " FROM " + from + " WHERE " + argument + " IS NOT NULL";
}

Result<AggregatePlan> plan_aggregates(Session& session, const std::vector<std::pair<std::string, std::string>>& select,
                                      const Schema& rows, const Schema& keys, const std::string& time) {
  Planner planner(session, rows, keys, time);
  Schema names = keys;
  for (const auto& [name, text] : select) {
    if (name.empty() || names.find(name))
      return fail(Fault::config, "the column " + quote_identifier(name) + " is there twice or has no name");
    names.add({name, {}, true});
    TRY(planner.add(name, text));
  }
  return planner.finish();
}

}  // namespace weir
