#include "sql/expression.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/letter_case.h"
#include "sql/ast.h"
#include "sql/batch_clock.h"
#include "sql/evaluation_order.h"
#include "sql/function_list.h"

namespace weir {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, corner + (a[i - 1] == b[j - 1] ? 0 : 1)});
      corner = above;
    }
  }
  return row[b.size()];
}

constexpr std::array<std::string_view, 14> operators{"OPERATOR_NOT",    "OPERATOR_IS_NULL",  "OPERATOR_IS_NOT_NULL",
                                                     "COMPARE_IN",      "COMPARE_NOT_IN",    "OPERATOR_COALESCE",
                                                     "OPERATOR_NULLIF", "ARRAY_EXTRACT",     "ARRAY_SLICE",
                                                     "STRUCT_EXTRACT",  "ARRAY_CONSTRUCTOR", "ARROW",
                                                     "OPERATOR_TRY",    "OPERATOR_CAST"};

// Aggregates over the members of a list are functions; this one draws lots.
constexpr std::array<std::string_view, 5> list_aggregates{"list_aggr", "list_aggregate", "array_aggr",
                                                          "array_aggregate", "aggregate"};

class Checker {
 public:
  Checker(Session& session, std::string_view text, const Schema& schema)
      : session_(session), text_(text), schema_(schema) {}

  Status check(const Json& node) {
    if (node.is_array()) {
      for (const Json& child : node) TRY(check(child));
      return {};
    }
    if (!node.is_object()) return {};
    if (!node.contains("class")) return check_members(node);
    const std::string kind = node["class"].get<std::string>();
    if (kind == "CONSTANT") return {};
    if (kind == "PARAMETER" && node.value("identifier", "") == clock_parameter) return {};
    if (kind == "COLUMN_REF") return check_column(node);
    if (kind == "FUNCTION") return check_function(node);
    if (kind == "LAMBDA") return check_lambda(node);
    if (kind == "OPERATOR") return check_operator(node);
    if (kind == "COMPARISON" || kind == "CONJUNCTION" || kind == "CAST" || kind == "CASE" || kind == "BETWEEN" ||
        kind == "COLLATE")
      return check_members(node);
    return refuse(node, what_is(kind));
  }

  // Puts the batch's clock where the tree that was checked asks for the time; false where it does not.
  Result<bool> put_clock(Json& node) const {
    if (!asks_) return false;
    TRY(put_clock_in(node));
    return true;
  }

  std::vector<std::string> columns() && { return std::move(columns_); }

 private:
  Status asked_for_time() {
    asks_ = true;
    return {};
  }

  Status put_clock_in(Json& node) const {
    const bool column = node.is_object() && node.value("class", "") == "COLUMN_REF" &&
                        schema_.find(node["column_names"][0].get<std::string>());
    if (!column && asks_for_time(node)) return use_clock(session_, node);
    if (node.is_structured())
      for (auto& child : node) TRY(put_clock_in(child));
    return {};
  }

  Status refuse(const Json& node, const std::string& what) const {
    return expression_error(text_, place_of(node), what);
  }

  static std::string what_is(const std::string& kind) {
    if (kind == "SUBQUERY") return "a subquery is not allowed; join a table instead";
    if (kind == "WINDOW") return "a window function needs several rows; an expression sees one (use an aggregate step)";
    if (kind == "STAR") return "* is not allowed; name the columns (in a select step write \"*\": true)";
    if (kind == "PARAMETER") return "a parameter has no value here";
    if (kind == "POSITIONAL_REFERENCE") return "name the column instead of its number";
    return "this is not allowed in an expression";
  }

  Status check_members(const Json& node) {
    for (const auto& [key, value] : node.items()) TRY(check(value));
    return {};
  }

  Status check_column(const Json& node) {
    const std::string name = node["column_names"][0].get<std::string>();  // further names are members of a struct
    if (std::find(lambda_names_.begin(), lambda_names_.end(), lower_case(name)) != lambda_names_.end()) return {};
    if (const auto found = schema_.find(name)) {
      const std::string& spelled = schema_.columns()[*found].name;
      if (std::find(columns_.begin(), columns_.end(), spelled) == columns_.end()) columns_.push_back(spelled);
      return {};
    }
    if (asks_for_time(node)) return asked_for_time();
    if (const auto reason = why_refused(lower_case(name)); !reason.empty())
      return refuse(node, lower_case(name) + " " + std::string(reason));
    std::vector<std::string> names;
    for (const Column& column : schema_.columns()) names.push_back(column.name);
    std::string what = "there is no column " + quote_identifier(name) + " here";
    if (const std::string near = nearest_name(name, names); !near.empty())
      return refuse(node, what + "; nearest: " + quote_identifier(near));
    return refuse(node, what + "; columns: " + list(names));
  }

  static std::string list(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < names.size() && i < 12; ++i) out += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > 12) out += ", ...";
    return out.empty() ? "none" : out;
  }

  Status check_function(const Json& node) {
    const std::string name = lower_case(node["function_name"].get<std::string>());
    const std::string schema = lower_case(node.value("schema", ""));
    if (!node.value("catalog", "").empty() || (!schema.empty() && schema != "main"))
      return refuse(node, "write " + name + "(" + schema + ", ...) instead of " + schema + "." + name + "(...)");
    if (asks_for_time(node)) return asked_for_time();
    if (!is_allowed_function(name)) return refuse_function(node, name);
    if (!node.value("filter", Json()).is_null() || node.value("distinct", false) || node.value("export_state", false) ||
        !node["order_bys"]["orders"].empty())
      return refuse(node, "FILTER, DISTINCT and ORDER BY belong to aggregates, and " + name + " is none");
    if (name == "age" && node["children"].size() < 2)
      return refuse(node, "age with one argument reads the clock; give it two");
    if (std::find(list_aggregates.begin(), list_aggregates.end(), name) != list_aggregates.end())
      TRY(check_list_aggregate(node));
    return check_members(node);
  }

  Status check_list_aggregate(const Json& node) {
    const Json& children = node["children"];
    const bool named = children.size() >= 2 && children[1].value("class", "") == "CONSTANT" &&
                       children[1]["value"].contains("value") && children[1]["value"]["value"].is_string();
    if (!named) return refuse(node, "the aggregate of a list must be named in quotes, as in list_aggregate(l, 'sum')");
    if (lower_case(children[1]["value"]["value"].get<std::string>()) == "reservoir_quantile")
      return refuse(node, "reservoir_quantile draws lots; use 'quantile_cont'");
    return {};
  }

  Status refuse_function(const Json& node, const std::string& name) {
    if (const auto reason = why_refused(name); !reason.empty()) return refuse(node, name + "() " + std::string(reason));
    const auto aggregate =
        session_.run("SELECT 1 AS one FROM duckdb_functions() WHERE function_type = 'aggregate' AND function_name = " +
                     quote_literal(name) + " LIMIT 1");
    if (aggregate && !aggregate->empty())
      return refuse(node, name + "() is an aggregate; it belongs in an aggregate step");
    std::vector<std::string> names;
    for (const std::string_view allowed : allowed_functions()) names.emplace_back(allowed);
    const std::string near = nearest_name(name, names);
    return refuse(node, "there is no function " + name + "()" + (near.empty() ? "" : "; nearest: " + near + "()"));
  }

  Status check_operator(const Json& node) {
    const std::string type = node.value("type", "");
    if (std::find(operators.begin(), operators.end(), type) == operators.end())
      return refuse(node, "this operator is not allowed");
    return check_members(node);
  }

  // `lambda x, y: ...` names parameters that stand nowhere in the text; `a -> 'path'` has the same class.
  Status check_lambda(const Json& node) {
    const Json& left = node["lhs"];
    std::vector<std::string> names;
    const auto add = [&](const Json& parameter) {
      if (parameter.value("class", "") == "COLUMN_REF" && !place_of(parameter))
        names.push_back(lower_case(parameter["column_names"][0].get<std::string>()));
    };
    add(left);
    if (left.value("class", "") == "FUNCTION" && !place_of(left) && left.value("function_name", "") == "row")
      for (const Json& parameter : left["children"]) add(parameter);
    if (names.empty()) TRY(check(left));
    const std::size_t outer = lambda_names_.size();
    lambda_names_.insert(lambda_names_.end(), names.begin(), names.end());
    const Status body = check(node["expr"]);
    lambda_names_.resize(outer);
    return body;
  }

  Session& session_;
  std::string_view text_;
  const Schema& schema_;
  std::vector<std::string> columns_;
  std::vector<std::string> lambda_names_;
  bool asks_ = false;  // for the time
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::string nearest_name(std::string_view name, const std::vector<std::string>& among) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& other : among) {
    const std::size_t d = distance(lower_case(name), lower_case(other));
    if (d < best_distance) {
      best_distance = d;
      best = other;
    }
  }
  return best;
}

Result<Expression> check_expression(Session& session, std::string_view text, const Schema& columns, Wanted wanted) {
  Expression out{std::string(trimmed(text)), {}, {}, {}};
  Json tree = TRY(parse_expression(session, out.text));
  Checker checker(session, out.text, columns);
  TRY(checker.check(tree));
  const bool timed = TRY(checker.put_clock(tree));
  out.columns = std::move(checker).columns();
  if (Json ordered = tree; fix_evaluation_order(ordered, wanted == Wanted::condition) || timed)
    out.ordered = unparse_expression(session, ordered).value_or("");
  if (timed && out.ordered.empty())
    return expression_error(out.text, std::nullopt,
                            "now() beside a lambda is not supported; give it a name in a select step before");
  constexpr std::size_t prefix = std::string_view("SELECT (").size();
  auto query = session.prepare("SELECT (" + out.text + "\n) AS v FROM input", {{"input", columns}});
  if (!query) {
    auto at = session.error_position();
    if (at) at = *at >= prefix ? std::optional(*at - prefix) : std::nullopt;
    return expression_error(out.text, at, query.error().message);
  }
  if (!out.ordered.empty())
    if (auto ordered = session.prepare("SELECT " + out.sql() + " AS v FROM input", {{"input", columns}}); !ordered)
      return expression_error(out.text, std::nullopt, ordered.error().message);
  out.type = query->schema().columns().at(0).type;
  if (wanted == Wanted::condition && out.type.kind != TypeKind::boolean)
    return expression_error(out.text, std::nullopt, "must be TRUE or FALSE, but is of type " + to_string(out.type));
  return out;
}

}  // namespace weir
