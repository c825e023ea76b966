#include "sql/function_list.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace weir {
namespace {

constexpr std::string_view operator_names =
    "% & && * ** + - ->> / // <-> << <=> <@ >> @ @> ^ ^@ !__postfix !~~ !~~* | || ~ ~~ ~~* ~~~ ";

// Scalar functions that DuckDB calls CONSISTENT, without those that read settings, plans or memory layouts.
constexpr std::string_view scalar_names =
    "abs acos acosh add age aggregate apply array_aggr array_aggregate array_apply array_cat array_concat "
    "array_contains array_cosine_distance array_cosine_similarity array_cross_product array_distance "
    "array_distinct array_dot_product array_extract array_filter array_grade_up array_has array_has_all "
    "array_has_any array_indexof array_inner_product array_intersect array_length array_negative_dot_product "
    "array_negative_inner_product array_position array_reduce array_resize array_reverse_sort array_select "
    "array_slice array_sort array_to_json array_transform array_unique array_value array_where array_zip "
    "ascii asin asinh atan atan2 atanh bar base64 bin bit_count bit_length bit_position bitstring cardinality "
    "cbrt ceil ceiling century char_length character_length chr concat concat_ws contains cos cosh cot "
    "damerau_levenshtein date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day "
    "dayname dayofmonth dayofweek dayofyear decade decode degrees divide editdist3 element_at encode "
    "ends_with epoch epoch_ms epoch_ns epoch_us equi_width_bins era even exp factorial filter flatten floor "
    "format formatreadabledecimalsize formatreadablesize format_bytes from_base64 from_binary from_hex "
    "from_json from_json_strict gamma gcd generate_series get_bit grade_up greatest greatest_common_divisor "
    "hamming hex hour ilike_escape instr isfinite isinf isnan isodow isoyear jaccard jaro_similarity "
    "jaro_winkler_similarity json_array json_array_length json_contains json_exists json_extract "
    "json_extract_path json_extract_path_text json_extract_string json_keys json_merge_patch json_object "
    "json_pretty json_quote json_structure json_transform json_transform_strict json_type json_valid "
    "json_value julian last_day lcase lcm least least_common_multiple left left_grapheme len length "
    "length_grapheme levenshtein lgamma like_escape list_aggr list_aggregate list_apply list_cat list_concat "
    "list_contains list_cosine_distance list_cosine_similarity list_distance list_distinct list_dot_product "
    "list_element list_extract list_filter list_grade_up list_has list_has_all list_has_any list_indexof "
    "list_inner_product list_intersect list_negative_dot_product list_negative_inner_product list_pack "
    "list_position list_reduce list_resize list_reverse_sort list_select list_slice list_sort list_transform "
    "list_unique list_value list_where list_zip ln log log10 log2 lower lpad ltrim make_date make_time "
    "make_timestamp make_timestamp_ms make_timestamp_ns make_timestamptz map map_concat map_contains "
    "map_entries map_extract map_extract_value map_from_entries map_keys map_values md5 md5_number "
    "microsecond millennium millisecond minute mismatches mod month monthname multiply nanosecond nextafter "
    "nfc_normalize normalized_interval not_ilike_escape not_like_escape octet_length ord parse_dirname "
    "parse_dirpath parse_filename parse_formatted_bytes parse_path pi position pow power prefix printf "
    "quarter radians range reduce regexp_escape regexp_extract regexp_extract_all regexp_full_match "
    "regexp_matches regexp_replace regexp_split_to_array repeat replace reverse right right_grapheme round "
    "row row_to_json rpad rtrim second set_bit sha1 sha256 sign signbit sin sinh split sqrt starts_with "
    "str_split str_split_regex strftime string_split string_split_regex string_to_array strip_accents strlen "
    "strpos strptime struct_concat struct_contains struct_extract struct_extract_at struct_has struct_indexof "
    "struct_insert struct_keys struct_pack struct_position struct_update struct_values substr substring "
    "substring_grapheme subtract suffix tan tanh time_bucket timezone timezone_hour timezone_minute to_base "
    "to_base64 to_binary to_centuries to_days to_decades to_hex to_hours to_json to_microseconds to_millennia "
    "to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years translate "
    "trim trunc try_strptime typeof ucase unbin unhex unicode upper url_decode url_encode "
    "uuid_extract_timestamp uuid_extract_version week weekday weekofyear xor year yearweek ";

// DuckDB's macros whose bodies use only the above.
constexpr std::string_view macro_names =
    "array_append array_pop_back array_pop_front array_prepend array_push_back array_push_front array_reverse "
    "array_to_string array_to_string_comma_default date_add days_in_month fdiv fmod json list_any_value "
    "list_append list_approx_count_distinct list_avg list_bit_and list_bit_or list_bit_xor list_bool_and "
    "list_bool_or list_count list_entropy list_first list_histogram list_kurtosis list_kurtosis_pop list_last "
    "list_mad list_max list_median list_min list_mode list_prepend list_product list_reverse list_sem "
    "list_skewness list_stddev_pop list_stddev_samp list_string_agg list_sum list_var_pop list_var_samp "
    "map_contains_entry map_contains_value md5_number_lower md5_number_upper nullif round_even roundbankers "
    "split_part ";

// Why a function is not there, and what to write instead. By name; a name may stand for others of its kind.
struct Refusal {
  std::string_view names;
  std::string_view reason;
};

constexpr Refusal refusals[] = {
    {"current_time get_current_time ago ",
     "reads the clock, so that a replay would give other rows; use now(), which is the batch's clock, or a time of the "
     "record"},
    {"random setseed uuid uuidv4 uuidv7 gen_random_uuid ",
     "gives another value each time, so that a replay would give other rows; derive it from columns, as in md5(id || "
     "status)"},
    {"hash ", "gives other values with another version; use md5, sha1 or sha256"},
    {"current_setting getvariable version current_database current_schema current_schemas current_catalog current_user "
     "current_role session_user current_query current_connection_id current_query_id current_transaction_id "
     "txid_current "
     "in_search_path getenv pg_typeof ",
     "reads the program's surroundings, not the record; put the value into the pipeline file (${env:NAME} is replaced "
     "there)"},
    {"nextval currval ", "counts outside of the record; use the offset (metadata: [offset]) as a number"},
    {"error ", "stops nothing here; use a step with `expect` and `on_fail: fail`"},
    {"sleep_ms pg_sleep write_log ", "does something besides giving a value"},
    {"unnest generate_subscripts regexp_split_to_table ", "gives several rows; an expression gives one value"},
    {"glob read_text read_blob read_csv read_json read_parquet ", "reads files; an expression reads columns only"},
};

using Names = std::unordered_set<std::string_view>;

template <class Add>
void split(std::string_view list, Add add) {
  while (!list.empty()) {
    const auto end = std::min(list.find(' '), list.size());
    if (end > 0) add(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

const Names& allowed() {
  static const Names names = [] {
    Names all;
    for (const std::string_view list : {operator_names, scalar_names, macro_names})
      split(list, [&](auto name) { all.insert(name); });
    return all;
  }();
  return names;
}

}  // namespace

bool is_allowed_function(std::string_view lower_name) { return allowed().contains(lower_name); }

std::string_view why_refused(std::string_view lower_name) {
  static const auto reasons = [] {
    std::unordered_map<std::string_view, std::string_view> all;
    for (const Refusal& refusal : refusals) split(refusal.names, [&](auto name) { all[name] = refusal.reason; });
    return all;
  }();
  const auto found = reasons.find(lower_name);
  return found == reasons.end() ? std::string_view() : found->second;
}

std::vector<std::string_view> allowed_functions() {
  std::vector<std::string_view> out(allowed().begin(), allowed().end());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace weir
