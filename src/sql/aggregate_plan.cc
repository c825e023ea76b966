#include "sql/aggregate_plan.h"

#include <algorithm>

#include "sql/aggregate_table.h"
#include "sql/ast.h"
#include "sql/expression.h"
#include "sql/function_list.h"

namespace weir {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

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
  Planner(Session& session, const Schema& rows, const Schema& keys) : session_(session), rows_(rows) {
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
    const auto sql = unparse_expression(session_, tree);
    if (!sql)
      return fail(Fault::config,
                  "a lambda beside an aggregate is not supported; compute it in a select step, in: " + text);
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
      const std::string name = lower(node["function_name"].get<std::string>());
      if (is_aggregate_name(name)) return take_aggregate(node, name);
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
    if (const auto reason = why_refused(name); !reason.empty())
      return expression_error(text_, place_of(node), name + "() " + std::string(reason));
    return expression_error(
        text_, place_of(node),
        "there is no aggregate or function " + name + "(); aggregates: " + joined(aggregate_names()));
  }

  Status check_key(const Json& node) {
    const std::string name = node["column_names"][0].get<std::string>();
    if (plan_.keys.find(name)) return {};
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
      return expression_error(text_, place_of(node), "ORDER BY within an aggregate is not supported");
    std::string condition;
    if (const Json filter = node.value("filter", Json()); !filter.is_null())
      condition = TRY(part(filter, Wanted::condition)).sql();
    std::vector<std::string> values;
    for (const Json& child : node["children"]) values.push_back(TRY(part(child, Wanted::value)).sql());

    const bool by = name.ends_with("_by") || name.starts_with("arg");
    if (values.size() != (by ? 2u : name == "count_star" ? 0u : 1u))
      return expression_error(text_, place_of(node),
                              name + "() takes " + (by ? "a value and what it is chosen by" : "one value"));
    if (by) {
      // A struct compares member by member.
      condition += (condition.empty() ? "" : " AND ") + values[0] + " IS NOT NULL AND " + values[1] + " IS NOT NULL";
      values = {"struct_pack(by := " + values[1] + ", value := " + values[0] + ")"};
    }
    std::string kind = name;
    if (values.empty() && !condition.empty()) {
      values = {"1"};
      kind = "count";
    }
    std::optional<std::size_t> argument;
    if (!values.empty())
      argument =
          TRY(add_argument(condition.empty() ? values[0] : "CASE WHEN " + condition + " THEN " + values[0] + " END"));

    const bool is_set = node.value("distinct", false) && kind != "min" && kind != "max";
    if (is_set && kind != "count")
      return expression_error(text_, place_of(node), "DISTINCT is there for count, min and max only");
    const std::string final = is_set ? add_set(*argument) : TRY(add_kept(node, kind, argument));
    node = TRY(parse_expression(session_, final));
    return {};
  }

  Result<std::size_t> add_argument(const std::string& sql) {
    for (std::size_t i = 0; i < plan_.arguments.size(); ++i)
      if (plan_.arguments[i].sql == sql) return i;
    auto query = session_.prepare("SELECT " + sql + " AS v FROM input", {{"input", rows_}});
    if (!query) return fail(Fault::config, query.error().message + ", in: " + text_);
    plan_.arguments.push_back({"#" + std::to_string(plan_.arguments.size()), sql, query->schema().columns()[0].type});
    return plan_.arguments.size() - 1;
  }

  std::string add_set(std::size_t argument) {
    const std::string& name = plan_.arguments[argument].name;
    for (const AggregateSet& set : plan_.sets)
      if (set.argument == name) return quote_identifier(set.name);
    plan_.sets.push_back({"%" + std::to_string(plan_.sets.size()), name, plan_.arguments[argument].type});
    return quote_identifier(plan_.sets.back().name);
  }

  Result<std::string> add_kept(const Json& node, const std::string& name, std::optional<std::size_t> argument) {
    const Type* const type = argument ? &plan_.arguments[*argument].type : nullptr;
    const Aggregate* const row = find_aggregate(name, type);
    if (row == nullptr)
      return expression_error(text_, place_of(node),
                              name + "() does not take " + (type == nullptr ? "nothing" : to_string(*type)));
    std::string final(row->final), first;
    for (std::size_t i = 0; i < row->states.size(); ++i) {
      const std::string partial =
          replaced(row->states[i].partial, "$x", argument ? quote_identifier(plan_.arguments[*argument].name) : "");
      const std::string kept = quote_identifier(keep(partial, replaced(row->states[i].merge, "$0", first)));
      if (i == 0) first = kept;
      final = replaced(final, "$" + std::to_string(i), kept);
    }
    return final;
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
  AggregatePlan plan_;
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
                                      const Schema& rows, const Schema& keys) {
  Planner planner(session, rows, keys);
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
