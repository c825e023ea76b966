#include "sql/aggregate_reference.h"

#include <string_view>

#include <fmt/format.h>

#include "sql/aggregate_table.h"
#include "sql/function_list.h"

namespace weir {
namespace {

std::string_view what_it_takes(Aggregate::Takes takes) {
  switch (takes) {
    case Aggregate::Takes::nothing: return "";
    case Aggregate::Takes::anything: return "anything";
    case Aggregate::Takes::integer: return "an integer";
    case Aggregate::Takes::number: return "a number";
    case Aggregate::Takes::boolean: return "true or false";
    case Aggregate::Takes::text: return "a text";
    case Aggregate::Takes::scalar: return "anything but lists, structures, maps and intervals";
  }
  return "";
}

std::string call(const Aggregate& row) {
  std::string arguments = row.takes == Aggregate::Takes::nothing ? "*" : row.distinct ? "DISTINCT x" : "x";
  if (row.argument == Aggregate::Argument::pair) arguments += ", by";
  switch (row.parameter) {
    case Aggregate::Parameter::none: break;
    case Aggregate::Parameter::quantiles: arguments += ", q"; break;
    case Aggregate::Parameter::count: arguments += ", k"; break;
    case Aggregate::Parameter::separator: arguments += ", separator"; break;
  }
  return fmt::format("{}({})", row.name == "count_star" ? "count" : row.name, arguments);
}

std::string aggregate_lines() {
  std::string out;
  for (const Aggregate& row : aggregates()) {
    std::string names = "`" + call(row) + "`";
    if (!row.distinct)
      for (const std::string_view other : other_names(row.name)) names += fmt::format(", `{}`", other);
    out += fmt::format("| {} | {} | {} |\n", names, what_it_takes(row.takes), row.note);
    if (row.name == "count")
      out +=
          "| `count(DISTINCT x)` | what can be a key: no lists, structures, maps, intervals | different values, "
          "exactly, without a bound: they are kept as rows of state |\n";
  }
  return out;
}

// Names in lines of their own letter.
std::string function_lines() {
  std::string out;
  char letter = 0;
  for (const std::string_view name : allowed_functions()) {
    const char first = name.front();
    if (first < 'a' || first > 'z') continue;
    out += first == letter ? ", " : letter == 0 ? "" : "\n\n";
    letter = first;
    out += fmt::format("`{}`", name);
  }
  return out + "\n";
}

}  // namespace

std::string sql_reference() {
  return "# SQL in a pipeline\n\n"
         "Generated from the tables in `src/sql`; `weir schema sql` prints it. Expressions are DuckDB's SQL, in UTC. A "
         "function "
         "that is not listed is refused by `weir check`, with the reason.\n\n"
         "## Aggregates\n\n"
         "They stand in the `select` of an aggregate step, several in one expression if need be, each with a `FILTER "
         "(WHERE "
         "...)` if need be. Whatever batches the rows come in, the result is the same (sums and variances of doubles "
         "within "
         "1e-9). The second argument of `quantile` and its like is a constant from 0 to 1, or a list of them.\n\n"
         "| aggregate | of | what it gives |\n|---|---|---|\n" +
         aggregate_lines() +
         "\n## The time\n\n"
         "`now()`, `current_timestamp`, `today()`, `current_date`, `localtimestamp` and `localtime` are the clock of "
         "the batch, "
         "which its plan keeps: a replay gives the same rows. `random()`, `uuid()` and their like are refused.\n\n"
         "## Functions\n\n" +
         function_lines();
}

}  // namespace weir
