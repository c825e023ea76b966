#pragma once
// DuckDB's syntax tree of one expression, as JSON (json_serialize_sql). Include it from .cc files only.
//
// Threads: the session's one caller. Errors: Fault::config with the position in the text.

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "sql/session.h"

namespace weir {

// The tree of `text` as one expression; places in it ("query_location") count from the start of `text`.
Result<Json> parse_expression(Session& session, std::string_view text);

// The text of a tree, as DuckDB writes it; nullopt where that text would not be read as the same tree
// (with a lambda).
std::optional<std::string> unparse_expression(Session& session, const Json& tree);

// "<what>, at character N of: <text>".
tl::unexpected<Error> expression_error(std::string_view text, std::optional<std::size_t> byte, const std::string& what);

// Whether a node asks for the time, under a name that is no column's; and its parameter in its place (sql/batch_clock.h).
bool asks_for_time(const Json& node);
Status use_clock(Session& session, Json& node);

// Where a node stands in the text, if DuckDB says so.
std::optional<std::size_t> place_of(const Json& node);

}  // namespace weir
