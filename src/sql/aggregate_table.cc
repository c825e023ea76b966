#include "sql/aggregate_table.h"

#include <algorithm>

namespace weir {
namespace {

using Takes = Aggregate::Takes;

constexpr std::string_view add_counts = "CAST(sum($s) AS BIGINT)";

const std::vector<Aggregate>& table() {
  static const std::vector<Aggregate> rows{
      {"count_star", Takes::nothing, {{"count(*)", add_counts}}, "$0", "all rows"},
      {"count", Takes::anything, {{"count($x)", add_counts}}, "$0", "rows that are not NULL"},
      {"count_if", Takes::boolean, {{"CAST(count_if($x) AS BIGINT)", add_counts}}, "$0", "rows that are TRUE"},
      {"sum",
       Takes::integer,
       {{"sum($x)", "sum($s)"}},
       "CAST($0 AS BIGINT)",
       "kept in 128 bits; beyond int64 at the end the pipeline stops: sum CAST(x AS DECIMAL(38,0)) instead"},
      {"sum",
       Takes::number,
       {{"sum($x)", "sum($s)"}},
       "$0",
       "a decimal keeps its scale, with 38 digits; of doubles, NaN makes the sum NaN"},
      {"avg",
       Takes::number,
       {{"sum($x)", "sum($s)"}, {"count($x)", add_counts}},
       "CAST($0 AS DOUBLE) / $1",
       "a double; NULL where no row counts"},
      {"min", Takes::anything, {{"min($x)", "min($s)"}}, "$0", "NaN is above all numbers"},
      {"max", Takes::anything, {{"max($x)", "max($s)"}}, "$0", "NaN is above all numbers"},
      {"bool_and", Takes::boolean, {{"bool_and($x)", "bool_and($s)"}}, "$0", "NULL where no row counts"},
      {"bool_or", Takes::boolean, {{"bool_or($x)", "bool_or($s)"}}, "$0", "NULL where no row counts"},
      {"bit_and", Takes::integer, {{"bit_and($x)", "bit_and($s)"}}, "$0", ""},
      {"bit_or", Takes::integer, {{"bit_or($x)", "bit_or($s)"}}, "$0", ""},
      {"bit_xor", Takes::integer, {{"bit_xor($x)", "bit_xor($s)"}}, "$0", ""},
      {"max_by",
       Takes::pair,
       {{"struct_extract(max($x), 'by')", "max($s)"},
        {"struct_extract(max($x), 'value')",
         "struct_extract(max(CASE WHEN $0 IS NOT NULL THEN struct_pack(by := $0, value := $s) END), 'value')"}},
       "$1",
       "of equal ones the largest value; NULLs do not count"},
      {"min_by",
       Takes::pair,
       {{"struct_extract(min($x), 'by')", "min($s)"},
        {"struct_extract(min($x), 'value')",
         "struct_extract(min(CASE WHEN $0 IS NOT NULL THEN struct_pack(by := $0, value := $s) END), 'value')"}},
       "$1",
       "of equal ones the smallest value; NULLs do not count"},
  };
  return rows;
}

// Other names for the same.
std::string_view main_name(std::string_view name) {
  if (name == "countif") return "count_if";
  if (name == "mean") return "avg";
  if (name == "arg_max" || name == "argmax") return "max_by";
  if (name == "arg_min" || name == "argmin") return "min_by";
  return name;
}

bool is_integer(const Type& type) { return type.kind >= TypeKind::int8 && type.kind <= TypeKind::uint64; }

bool is_number(const Type& type) {
  return is_integer(type) || type.kind == TypeKind::float32 || type.kind == TypeKind::float64 ||
         type.kind == TypeKind::decimal;
}

bool fits(Takes takes, const Type* argument) {
  if (takes == Takes::nothing) return argument == nullptr;
  if (argument == nullptr) return false;
  switch (takes) {
    case Takes::integer: return is_integer(*argument);
    case Takes::number: return is_number(*argument);
    case Takes::boolean: return argument->kind == TypeKind::boolean;
    default: return true;
  }
}

}  // namespace

const Aggregate* find_aggregate(std::string_view lower_name, const Type* argument) {
  for (const Aggregate& row : table())
    if (row.name == main_name(lower_name) && fits(row.takes, argument)) return &row;
  return nullptr;
}

bool is_aggregate_name(std::string_view lower_name) {
  return std::any_of(table().begin(), table().end(),
                     [&](const Aggregate& row) { return row.name == main_name(lower_name); });
}

std::vector<std::string> aggregate_names() {
  std::vector<std::string> out;
  for (const Aggregate& row : table())
    if (out.empty() || out.back() != row.name) out.emplace_back(row.name);
  return out;
}

}  // namespace weir
