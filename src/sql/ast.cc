#include "sql/ast.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sql/batch_clock.h"
#include "sql/error.h"

namespace weir {
namespace {

constexpr std::size_t text_bytes_max = 65'536;
constexpr std::string_view bare = "SELECT ";
constexpr std::string_view enclosed = "SELECT (";

Result<std::string> call(Session& session, const std::string& function, const std::string& argument) {
  const Batch batch =
      TRY(session.run("SELECT CAST(" + function + "(" + quote_literal(argument) + ") AS VARCHAR) AS v"));
  if (batch.empty()) return fail(Fault::internal, "DuckDB gave no syntax tree");
  auto* const text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(batch.chunks().front()->column(0)));
  return std::string(duckdb_string_t_data(text), duckdb_string_t_length(*text));
}

// Places count from the start of the expression; those that DuckDB does not know become -1.
void move_places(Json& node, std::size_t prefix) {
  if (node.is_array()) {
    for (Json& child : node) move_places(child, prefix);
  } else if (node.is_object()) {
    for (auto& [key, value] : node.items()) {
      if (key != "query_location") {
        move_places(value, prefix);
        continue;
      }
      const std::uint64_t at = value.is_number_unsigned() ? value.get<std::uint64_t>() : UINT64_MAX;
      value = at > UINT32_MAX || at < prefix ? std::int64_t{-1} : static_cast<std::int64_t>(at - prefix);
    }
  }
}

void drop_places(Json& node) {
  if (node.is_object()) node.erase("query_location");
  if (node.is_structured())
    for (auto& child : node) drop_places(child);
}

// What of the statement `prefix text suffix` is not the expression; equal for all that are nothing but one expression.
Result<Json> tree(Session& session, std::string_view text, std::string_view prefix, std::string_view suffix) {
  const std::string sql = std::string(prefix) + std::string(text) + std::string(suffix);
  const std::string serialized = TRY(call(session, "json_serialize_sql", sql));
  Json parsed = TRY(parse_json(serialized));
  if (parsed.value("error", true)) {
    std::optional<std::size_t> at;
    if (const std::string digits = parsed.value("position", std::string()); !digits.empty()) {
      std::size_t number = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (number >= prefix.size()) at = std::min(number - prefix.size(), text.size());
    }
    std::string what = clean_message(parsed.value("error_message", "is not SQL")).text;
    if (parsed.value("error_type", "") == "not implemented") what = "must be one expression, not a statement";
    return expression_error(text, at, what);
  }
  move_places(parsed, prefix.size());
  return parsed;
}

// The statement around the one expression, or null where there is not exactly one.
Json shell_of(const Json& parsed) {
  Json out = parsed;
  if (!out.contains("statements") || out["statements"].size() != 1) return nullptr;
  Json& node = out["statements"][0]["node"];
  if (!node.contains("select_list") || node["select_list"].size() != 1) return nullptr;
  node["select_list"].clear();
  // The one parameter there is (sql/batch_clock.h).
  Json& parameters = out["statements"][0]["named_param_map"];
  if (parameters.size() == 1 && parameters[0].value("key", "") == clock_parameter) parameters.clear();
  drop_places(out);
  return out;
}

Json expression_of(const Json& parsed) { return parsed["statements"][0]["node"]["select_list"][0]; }

}  // namespace

tl::unexpected<Error> expression_error(std::string_view text, std::optional<std::size_t> byte,
                                       const std::string& what) {
  if (!byte || *byte > text.size()) return fail(Fault::config, what + ", in: " + std::string(text));
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto character = std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*byte), is_start) + 1;
  return fail(Fault::config, what + ", at character " + std::to_string(character) + " of: " + std::string(text));
}

std::optional<std::size_t> place_of(const Json& node) {
  if (!node.is_object() || !node.contains("query_location")) return std::nullopt;
  const auto at = node["query_location"].get<std::int64_t>();
  return at < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(at));
}

namespace {

// `lambda x: ...`; DuckDB writes it as `x -> ...`, which it reads as JSON's arrow.
bool has_lambda(const Json& node) {
  if (node.is_object() && node.value("class", "") == "LAMBDA" && !place_of(node["lhs"]) &&
      node["lhs"].value("class", "") != "OPERATOR")
    return true;
  if (!node.is_structured()) return false;
  for (const Json& child : node)
    if (has_lambda(child)) return true;
  return false;
}

bool has_clock(const Json& node) {
  if (node.is_object() && node.value("class", "") == "PARAMETER") return true;
  return node.is_structured() && std::any_of(node.begin(), node.end(), has_clock);
}

}  // namespace

std::optional<std::string> unparse_expression(Session& session, const Json& tree_of_one) {
  if (has_lambda(tree_of_one)) return std::nullopt;
  auto statement = tree(session, "1", bare, "");
  if (!statement) return std::nullopt;
  Json wanted = tree_of_one;
  drop_places(wanted);
  (*statement)["statements"][0]["node"]["select_list"][0] = wanted;
  if (has_clock(wanted))
    (*statement)["statements"][0]["named_param_map"] = Json::array({Json{{"key", clock_parameter}, {"value", 1}}});
  drop_places(*statement);
  const auto text = call(session, "json_deserialize_sql", dump_json(*statement));
  if (!text || !text->starts_with(bare)) return std::nullopt;
  std::string out = text->substr(bare.size());
  auto again = parse_expression(session, out);
  if (!again) return std::nullopt;
  drop_places(*again);
  return *again == wanted ? std::optional(std::move(out)) : std::nullopt;
}

Result<Json> parse_expression(Session& session, std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return fail(Fault::config, "an expression is empty");
  if (text.size() > text_bytes_max) return fail(Fault::config, "an expression is longer than 65,536 bytes");
  for (std::size_t i = 0; i < text.size(); ++i)
    if (static_cast<unsigned char>(text[i]) < 0x20 && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
      return expression_error(text, i, "a control character is not allowed");

  // Alone, a text could go on behind the expression ("1 FROM t"); in parentheses it could leave them ("a) + (b"). What is
  // the same expression both ways, with nothing around it, stays where it is put.
  const Json one_alone = TRY(tree(session, "1", bare, ""));
  const Json nothing = shell_of(one_alone);
  const Json alone = TRY(tree(session, text, bare, "\n"));
  if (shell_of(alone) != nothing)
    return expression_error(text, std::nullopt, "must be one expression and nothing else");
  const auto in_parentheses = tree(session, text, enclosed, "\n)");
  if (!in_parentheses || shell_of(*in_parentheses) != nothing)
    return expression_error(text, std::nullopt, "must be one expression and nothing else");
  Json one = expression_of(alone), other = expression_of(*in_parentheses);
  Json found = one;
  drop_places(one);
  drop_places(other);
  if (one != other || !found.value("alias", "").empty())
    return expression_error(text, std::nullopt, "must be one expression and nothing else");
  return found;
}

}  // namespace weir
