#pragma once
// Checks one SQL expression of a user before it becomes part of a statement: exactly one scalar expression over the given
// columns, with functions of our list only. No text escapes from its place: it is parsed by DuckDB alone and in
// parentheses, and both must be the same single expression.
//
// Threads: the session's one caller. Errors: Fault::config; the message says what is wrong, where in the text and what to
// write instead. The caller adds which expression it was.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/schema.h"
#include "sql/session.h"

namespace weir {

struct Expression {
  std::string text;  // as written
  Type type;
  std::vector<std::string> columns;  // those it names, as the schema spells them, each once, in order of first use

  std::string ordered = {};  // the same with a fixed order of evaluation (sql/evaluation_order.h), where it differs

  // As it stands in a statement.
  std::string sql() const { return "(" + (ordered.empty() ? text : ordered) + "\n)"; }  // the line break ends a comment
};

enum class Wanted {
  value,      // of any type that Weir carries
  condition,  // BOOLEAN
};

Result<Expression> check_expression(Session& session, std::string_view text, const Schema& columns, Wanted wanted);

// The name that is most like `name`, if one is near enough to be meant.
std::string nearest_name(std::string_view name, const std::vector<std::string>& among);

}  // namespace weir
