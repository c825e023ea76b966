#include "sql/evaluation_order.h"

#include <cstdint>
#include <string>
#include <utility>

namespace weir {
namespace {

std::string kind(const Json& node) { return node.is_object() ? node.value("class", "") : ""; }
std::string type(const Json& node) { return node.is_object() ? node.value("type", "") : ""; }

Json make(const char* node_class, const char* node_type) {
  return Json{{"class", node_class}, {"type", node_type}, {"alias", ""}, {"query_location", UINT64_MAX}};
}

// As DuckDB's parser reads TRUE and FALSE.
Json truth(bool value) {
  Json letter = make("CONSTANT", "VALUE_CONSTANT");
  letter["value"] =
      Json{{"type", Json{{"id", "VARCHAR"}, {"type_info", nullptr}}}, {"is_null", false}, {"value", value ? "t" : "f"}};
  Json node = make("CAST", "OPERATOR_CAST");
  node["child"] = std::move(letter);
  node["cast_type"] = Json{{"id", "BOOLEAN"}, {"type_info", nullptr}};
  node["try_cast"] = false;
  return node;
}

Json compare(const char* how, Json left, Json right) {
  Json node = make("COMPARISON", how);
  node["left"] = std::move(left);
  node["right"] = std::move(right);
  return node;
}

Json choose(Json checks, Json otherwise) {
  Json node = make("CASE", "CASE_EXPR");
  node["case_checks"] = std::move(checks);
  node["else_expr"] = std::move(otherwise);
  return node;
}

Json when(Json condition, Json then) {
  return Json{{"when_expr", std::move(condition)}, {"then_expr", std::move(then)}};
}

// Comparisons of columns and constants: they do not fail, or DuckDB knows that they may.
bool is_simple(const Json& node) {
  const std::string k = kind(node);
  if (k == "COLUMN_REF" || k == "CONSTANT") return true;
  if (k == "CAST") return kind(node["child"]) == "CONSTANT";
  if (k == "COMPARISON") return is_simple(node["left"]) && is_simple(node["right"]);
  if (k == "BETWEEN") return is_simple(node["input"]) && is_simple(node["lower"]) && is_simple(node["upper"]);
  const std::string t = type(node);
  const bool known = k == "CONJUNCTION" || t == "OPERATOR_NOT" || t == "OPERATOR_IS_NULL" ||
                     t == "OPERATOR_IS_NOT_NULL" || t == "COMPARE_IN" || t == "COMPARE_NOT_IN" ||
                     (k == "FUNCTION" && (node["function_name"] == "~~" || node["function_name"] == "!~~"));
  if (!known) return false;
  for (const Json& child : node["children"])
    if (!is_simple(child)) return false;
  return true;
}

bool all_simple(const Json& children) {
  for (const Json& child : children)
    if (!is_simple(child)) return false;
  return true;
}

// a AND b: CASE WHEN a THEN b ELSE FALSE END. Only where TRUE is all that counts: a NULL becomes FALSE.
Json chain_of_and(Json& children) {
  Json out = std::move(children.back());
  for (std::size_t i = children.size() - 1; i-- > 0;)
    out = choose(Json::array({when(std::move(children[i]), std::move(out))}), truth(false));
  return out;
}

Json chain_of_or(Json& children) {
  Json checks = Json::array();
  for (std::size_t i = 0; i + 1 < children.size(); ++i) checks.push_back(when(std::move(children[i]), truth(true)));
  return choose(std::move(checks), std::move(children.back()));
}

bool fix_all(Json& members) {
  bool changed = false;
  for (Json& member : members) changed = fix_evaluation_order(member, false) || changed;
  return changed;
}

bool fix_case(Json& node, bool condition) {
  bool changed = false;
  for (Json& check : node["case_checks"]) {
    changed = fix_evaluation_order(check["when_expr"], true) || changed;
    changed = fix_evaluation_order(check["then_expr"], condition) || changed;
  }
  return fix_evaluation_order(node["else_expr"], condition) || changed;
}

bool fix_conjunction(Json& node) {
  const bool simple = all_simple(node["children"]);
  bool changed = false;
  for (Json& child : node["children"]) changed = fix_evaluation_order(child, true) || changed;
  if (simple) return changed;
  node = type(node) == "CONJUNCTION_AND" ? chain_of_and(node["children"]) : chain_of_or(node["children"]);
  return true;
}

bool fix_in(Json& node) {
  Json& children = node["children"];
  bool simple = true;
  for (std::size_t i = 1; i < children.size(); ++i) simple = simple && is_simple(children[i]);
  if (simple || children.size() < 3) return fix_all(children);
  fix_all(children);
  Json alternatives = Json::array();
  for (std::size_t i = 1; i < children.size(); ++i)
    alternatives.push_back(compare("COMPARE_EQUAL", children[0], std::move(children[i])));
  node = chain_of_or(alternatives);
  return true;
}

bool fix_between(Json& node) {
  const bool simple = is_simple(node);
  const bool changed = fix_all(node);
  if (simple) return changed;
  Json bounds = Json::array({compare("COMPARE_GREATERTHANOREQUALTO", node["input"], std::move(node["lower"])),
                             compare("COMPARE_LESSTHANOREQUALTO", node["input"], std::move(node["upper"]))});
  node = chain_of_and(bounds);
  return true;
}

}  // namespace

bool fix_evaluation_order(Json& node, bool condition) {
  if (!node.is_structured()) return false;
  const std::string k = kind(node);
  if (k == "CASE") return fix_case(node, condition);
  if (condition && k == "CONJUNCTION") return fix_conjunction(node);
  if (condition && k == "BETWEEN") return fix_between(node);
  if (condition && type(node) == "COMPARE_IN") return fix_in(node);
  return fix_all(node);
}

}  // namespace weir
