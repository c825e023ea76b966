#include "sql/aggregate_table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

using Takes = Aggregate::Takes;
using Argument = Aggregate::Argument;
using Parameter = Aggregate::Parameter;

constexpr std::string_view add_counts = "CAST(sum($s) AS BIGINT)";

// Lists have a bound (sql/value_counts.h): a group's state is written anew with each batch that changes it.
#define WEIR_BOUNDED(list) "CASE WHEN weir_few(len(" list ")) THEN " list " END"

constexpr std::string_view all_values = WEIR_BOUNDED("list($x) FILTER (WHERE $x IS NOT NULL)");
constexpr std::string_view append_values = WEIR_BOUNDED("flatten(list($s) FILTER (WHERE $s IS NOT NULL))");
constexpr std::string_view distinct_values = WEIR_BOUNDED("list(DISTINCT $x) FILTER (WHERE $x IS NOT NULL)");
constexpr std::string_view unite_values =
    WEIR_BOUNDED("list_distinct(flatten(list($s) FILTER (WHERE $s IS NOT NULL)))");
#undef WEIR_BOUNDED

#define WEIR_SORTED_VALUES "list_transform(list_sort($0), lambda e: e.value)"
#define WEIR_BY_COUNT                                                                                                \
  "list_sort(list_transform(map_entries(CAST($0 AS MAP($T, UBIGINT))), lambda e: struct_pack(n := -CAST(e.value AS " \
  "BIGINT), v := e.key)))"

constexpr std::string_view moments_note =
    "of doubles; NULL where too few rows count; NaN or an infinity among the values makes it NaN";
constexpr std::string_view counts_note =
    "NULLs do not count, NaN is a value, -0.0 is 0.0; beyond 10,000 different values in a group the pipeline stops";

const std::vector<Aggregate>& table() {
  static const std::vector<Aggregate> rows{
      {"count_star", Takes::nothing, {{"count(*)", add_counts}}, "$0", "all rows"},
      {"count", Takes::anything, {{"count($x)", add_counts}}, "$0", "rows that are not NULL; NaN is a value"},
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
       "a decimal keeps its scale, with 38 digits, beyond which the pipeline stops; of doubles, NaN makes the sum NaN, "
       "infinities of both signs too, and beyond their range it is an infinity"},
      {"avg",
       Takes::number,
       {{"sum($x)", "sum($s)"}, {"count($x)", add_counts}},
       "CAST($0 AS DOUBLE) / $1",
       "a double; NULL where no row counts; NaN and infinities as in sum"},
      {"product",
       Takes::number,
       {{"product($x)", "product($s)"}},
       "$0",
       "a double; NaN makes it NaN, beyond their range it is an infinity"},
      {"min", Takes::anything, {{"min($x)", "min($s)"}}, "$0", "NaN is above all numbers"},
      {"max", Takes::anything, {{"max($x)", "max($s)"}}, "$0", "NaN is above all numbers"},
      {"min_by",
       Takes::anything,
       {{"struct_extract(min($x), 'by')", "min($s)"},
        {"struct_extract(min($x), 'value')",
         "struct_extract(min(CASE WHEN $0 IS NOT NULL THEN struct_pack(by := $0, value := $s) END), 'value')"}},
       "$1",
       "of equal ones the smallest value; NULLs do not count; NaN is above all numbers",
       Argument::pair},
      {"max_by",
       Takes::anything,
       {{"struct_extract(max($x), 'by')", "max($s)"},
        {"struct_extract(max($x), 'value')",
         "struct_extract(max(CASE WHEN $0 IS NOT NULL THEN struct_pack(by := $0, value := $s) END), 'value')"}},
       "$1",
       "of equal ones the largest value; NULLs do not count; NaN is above all numbers",
       Argument::pair},
      {"first",
       Takes::anything,
       {{"min($x)", "min($s)"}},
       "struct_extract($0, 'value')",
       "the value of the row with the least event time, NULL too; of equal times the one first in topic, partition and "
       "offset, if the source's `metadata` names these and the rows still have them, else the smallest",
       Argument::ordered},
      {"last",
       Takes::anything,
       {{"max($x)", "max($s)"}},
       "struct_extract($0, 'value')",
       "the same of the greatest event time; of equal times the one last in topic, partition and offset, else the "
       "largest",
       Argument::ordered},
      {"any_value",
       Takes::anything,
       {{"min($x)", "min($s)"}},
       "struct_extract($0, 'value')",
       "as first, of the values that are not NULL",
       Argument::ordered_values},
      {"list",
       Takes::anything,
       {{all_values, append_values}},
       WEIR_SORTED_VALUES,
       "all values, NULLs too, in the order of first; NULL where no row counts; beyond 10,000 in a group the pipeline "
       "stops",
       Argument::ordered},
      {"list",
       Takes::anything,
       {{distinct_values, unite_values}},
       WEIR_SORTED_VALUES,
       "each value once, sorted, NaN behind all numbers, NULL at the end; beyond 10,000 in a group the pipeline stops",
       Argument::wrapped,
       Parameter::none,
       true},
      {"string_agg",
       Takes::text,
       {{all_values, append_values}},
       "array_to_string(" WEIR_SORTED_VALUES ", $p)",
       "texts in the order of first, with a separator (a comma by default); NULLs do not count; beyond 10,000 in "
       "a group the pipeline stops",
       Argument::ordered_values,
       Parameter::separator},
      {"sum",
       Takes::integer,
       {{distinct_values, unite_values}},
       "CAST(list_sum(" WEIR_SORTED_VALUES ") AS BIGINT)",
       "each value once; beyond 10,000 different ones in a group, or beyond int64, the pipeline stops",
       Argument::wrapped,
       Parameter::none,
       true},
      {"sum",
       Takes::number,
       {{distinct_values, unite_values}},
       "list_sum(" WEIR_SORTED_VALUES ")",
       "each value once; beyond 10,000 different ones in a group the pipeline stops; NaN and infinities as in sum",
       Argument::wrapped,
       Parameter::none,
       true},
      {"avg",
       Takes::number,
       {{distinct_values, unite_values}},
       "CAST(list_sum(" WEIR_SORTED_VALUES ") AS DOUBLE) / nullif(list_count(" WEIR_SORTED_VALUES "), 0)",
       "each value once; beyond 10,000 different ones in a group the pipeline stops; NaN and infinities as in sum",
       Argument::wrapped,
       Parameter::none,
       true},
      {"approx_count_distinct",
       Takes::scalar,
       {{"weir_hll($text)", "weir_hll_merge($s)"}},
       "weir_hll_count($0)",
       "HyperLogLog of 4,096 registers: a standard error of 1.6 %, less below some hundred; 0 where no row counts; "
       "NULLs "
       "do not count, NaN is a value, -0.0 is 0.0"},
      {"approx_quantile",
       Takes::number,
       {{"weir_buckets(CAST($x AS DOUBLE))", "weir_buckets_merge($s)"},
        {"min(CAST($x AS DOUBLE))", "min($s)"},
        {"max(CAST($x AS DOUBLE))", "max($s)"}},
       "weir_quantile($0, $1, $2, $p)",
       "a double within 0.8 % of the least value that such a part of all is not above; the least and greatest value "
       "are "
       "exact; infinities count, NaN is above all numbers; of a list of places a list",
       Argument::value,
       Parameter::quantiles},
      {"quantile_cont",
       Takes::scalar,
       {{all_values, append_values}},
       "list_aggregate($0, 'quantile_cont', $p)",
       "exact, between two values where it lies there; NaN is above all numbers; beyond 10,000 values in a group the "
       "pipeline stops: approx_quantile has no bound; of a list of places a list",
       Argument::value,
       Parameter::quantiles},
      {"quantile_disc",
       Takes::scalar,
       {{all_values, append_values}},
       "list_aggregate($0, 'quantile_disc', $p)",
       "the same, always one of the values",
       Argument::value,
       Parameter::quantiles},
      {"median",
       Takes::scalar,
       {{all_values, append_values}},
       "list_aggregate($0, 'quantile_cont', 0.5)",
       "quantile_cont(x, 0.5)"},
      {"var_samp",
       Takes::number,
       {{"weir_moments(CAST($x AS DOUBLE))", "weir_moments_merge($s)"}},
       "CASE WHEN struct_extract($0, 'n') > 1 THEN struct_extract($0, 'm2') / (struct_extract($0, 'n') - 1) END",
       moments_note},
      {"var_pop",
       Takes::number,
       {{"weir_moments(CAST($x AS DOUBLE))", "weir_moments_merge($s)"}},
       "struct_extract($0, 'm2') / struct_extract($0, 'n')",
       moments_note},
      {"stddev_samp",
       Takes::number,
       {{"weir_moments(CAST($x AS DOUBLE))", "weir_moments_merge($s)"}},
       "CASE WHEN struct_extract($0, 'n') > 1 THEN sqrt(struct_extract($0, 'm2') / (struct_extract($0, 'n') - 1)) END",
       moments_note},
      {"stddev_pop",
       Takes::number,
       {{"weir_moments(CAST($x AS DOUBLE))", "weir_moments_merge($s)"}},
       "sqrt(struct_extract($0, 'm2') / struct_extract($0, 'n'))",
       moments_note},
      {"histogram",
       Takes::scalar,
       {{"weir_counts($text)", "weir_counts_merge($s)"}},
       "map_from_entries(list_sort(map_entries(CAST($0 AS MAP($T, UBIGINT)))))",
       counts_note},
      {"mode",
       Takes::scalar,
       {{"weir_counts($text)", "weir_counts_merge($s)"}},
       "struct_extract(" WEIR_BY_COUNT "[1], 'v')",
       "the value that occurs most often, of equal ones the smallest; as histogram"},
      {"top_k",
       Takes::scalar,
       {{"weir_counts($text)", "weir_counts_merge($s)"}},
       "list_transform(" WEIR_BY_COUNT "[1:$p], lambda e: e.v)",
       "the k values that occur most often, exactly, the most frequent first, of equal ones the smallest; as histogram",
       Argument::value,
       Parameter::count},
      {"bool_and", Takes::boolean, {{"bool_and($x)", "bool_and($s)"}}, "$0", "NULL where no row counts"},
      {"bool_or", Takes::boolean, {{"bool_or($x)", "bool_or($s)"}}, "$0", "NULL where no row counts"},
      {"bit_and", Takes::integer, {{"bit_and($x)", "bit_and($s)"}}, "$0", "NULL where no row counts"},
      {"bit_or", Takes::integer, {{"bit_or($x)", "bit_or($s)"}}, "$0", "NULL where no row counts"},
      {"bit_xor", Takes::integer, {{"bit_xor($x)", "bit_xor($s)"}}, "$0", "NULL where no row counts"},
  };
  return rows;
}
#undef WEIR_SORTED_VALUES
#undef WEIR_BY_COUNT

// Other names for the same.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> aliases{{
    {"countif", "count_if"},
    {"mean", "avg"},
    {"arg_max", "max_by"},
    {"argmax", "max_by"},
    {"arg_min", "min_by"},
    {"argmin", "min_by"},
    {"arbitrary", "first"},
    {"array_agg", "list"},
    {"listagg", "string_agg"},
    {"group_concat", "string_agg"},
    {"quantile", "quantile_disc"},
    {"variance", "var_samp"},
    {"stddev", "stddev_samp"},
    {"every", "bool_and"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 27> missing{{
    {"approx_top_k", "depends on the order of rows; top_k(x, k) is exact"},
    {"reservoir_quantile", "draws lots; use approx_quantile(x, q), which has a bounded error"},
    {"fsum", "depends on the order of rows; sum a decimal for exact sums"},
    {"kahan_sum", "depends on the order of rows; sum a decimal for exact sums"},
    {"sumkahan", "depends on the order of rows; sum a decimal for exact sums"},
    {"favg", "depends on the order of rows; use avg"},
    {"sum_no_overflow", "is DuckDB's own; use sum"},
    {"histogram_exact", "is not there; use histogram(CASE ... END) with bins of your own"},
    {"collect_list", "is Spark's; use list(x) FILTER (WHERE x IS NOT NULL)"},
    {"collect_set", "is Spark's; use list(DISTINCT x)"},
    {"corr", "is not there; keep sum(x), sum(y), sum(x * y), sum(x * x), sum(y * y) and count(*)"},
    {"covar_pop", "is not there; keep sum(x), sum(y), sum(x * y) and count(*)"},
    {"covar_samp", "is not there; keep sum(x), sum(y), sum(x * y) and count(*)"},
    {"regr_slope", "is not there; keep sum(x), sum(y), sum(x * y), sum(x * x) and count(*)"},
    {"regr_intercept", "is not there; keep sum(x), sum(y), sum(x * y), sum(x * x) and count(*)"},
    {"skewness", "is not there; keep sum(x), sum(x * x), sum(x * x * x) and count(*)"},
    {"kurtosis", "is not there; use stddev_samp"},
    {"kurtosis_pop", "is not there; use stddev_pop"},
    {"entropy", "is not there; use histogram(x) and compute it in a select step"},
    {"mad", "is not there; use approx_quantile"},
    {"sem", "is not there; use stddev_samp(x) / sqrt(count(x))"},
    {"arg_max_null", "is not there; use last, or max_by of a value that is not NULL"},
    {"arg_min_null", "is not there; use first, or min_by of a value that is not NULL"},
    {"bitstring_agg", "is not there; use list(DISTINCT x)"},
    {"first_value", "is a window function; use first"},
    {"last_value", "is a window function; use last"},
    {"row_number", "is a window function, which needs rows in order; use min_by or max_by"},
}};

std::string_view main_name(std::string_view name) {
  for (const auto& [other, main] : aliases)
    if (other == name) return main;
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
    case Takes::text: return argument->kind == TypeKind::string;
    case Takes::scalar: return argument->kind < TypeKind::list && argument->kind != TypeKind::interval;
    default: return true;
  }
}

}  // namespace

const Aggregate* find_aggregate(std::string_view lower_name, const Type* argument, bool distinct) {
  for (const Aggregate& row : table())
    if (row.name == main_name(lower_name) && row.distinct == distinct && fits(row.takes, argument)) return &row;
  return nullptr;
}

const Aggregate* aggregate_family(std::string_view lower_name, bool distinct) {
  for (const Aggregate& row : table())
    if (row.name == main_name(lower_name) && row.distinct == distinct) return &row;
  return nullptr;
}

bool is_aggregate_name(std::string_view lower_name) { return aggregate_family(lower_name) != nullptr; }

bool ignores_distinct(std::string_view lower_name) {
  constexpr std::array<std::string_view, 11> same{"min",       "max",     "min_by", "max_by",  "first",   "last",
                                                  "any_value", "bit_and", "bit_or", "bool_or", "bool_and"};
  return std::find(same.begin(), same.end(), main_name(lower_name)) != same.end() ||
         main_name(lower_name) == "approx_count_distinct";
}

std::string_view why_no_aggregate(std::string_view lower_name) {
  for (const auto& [name, why] : missing)
    if (name == lower_name) return why;
  return {};
}

std::vector<std::string> aggregate_names() {
  std::vector<std::string> out;
  for (const Aggregate& row : table())
    if (std::find(out.begin(), out.end(), row.name) == out.end()) out.emplace_back(row.name);
  return out;
}

const std::vector<Aggregate>& aggregates() { return table(); }

std::vector<std::string_view> other_names(std::string_view name) {
  std::vector<std::string_view> out;
  for (const auto& [other, main] : aliases)
    if (main == name) out.push_back(other);
  return out;
}

}  // namespace weir
