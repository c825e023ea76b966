#include "sql/utc_casts.h"

#include <cstdint>
#include <limits>

#include "data/batch.h"

namespace weir {
namespace {

constexpr std::int64_t micros_per_day = 86'400'000'000;
constexpr std::int64_t infinite = std::numeric_limits<std::int64_t>::max();

std::int32_t to_date(std::int64_t micros) {
  if (micros == infinite) return std::numeric_limits<std::int32_t>::max();
  if (micros == -infinite) return -std::numeric_limits<std::int32_t>::max();
  const std::int64_t days = micros / micros_per_day;
  return static_cast<std::int32_t>(micros % micros_per_day < 0 ? days - 1 : days);
}

std::int64_t to_timestamp(std::int64_t micros) { return micros; }

template <class To, To (*Convert)(std::int64_t)>
bool cast(duckdb_function_info, idx_t count, duckdb_vector input, duckdb_vector output) {
  const auto* from = static_cast<const std::int64_t*>(duckdb_vector_get_data(input));
  auto* const to = static_cast<To*>(duckdb_vector_get_data(output));
  const std::uint64_t* const validity = duckdb_vector_get_validity(input);
  for (idx_t i = 0; i < count; ++i) to[i] = is_valid(validity, i) ? Convert(from[i]) : To{};
  if (validity == nullptr) return true;
  duckdb_vector_ensure_validity_writable(output);
  std::uint64_t* const out = duckdb_vector_get_validity(output);
  for (idx_t i = 0; i < count; ++i)
    if (!is_valid(validity, i)) duckdb_validity_set_row_invalid(out, i);
  return true;
}

Status add_cast(duckdb_connection connection, duckdb_type target, duckdb_cast_function_t body) {
  duckdb_cast_function function = duckdb_create_cast_function();
  duckdb_logical_type from = duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ);
  duckdb_logical_type to = duckdb_create_logical_type(target);
  duckdb_cast_function_set_source_type(function, from);
  duckdb_cast_function_set_target_type(function, to);
  duckdb_destroy_logical_type(&from);
  duckdb_destroy_logical_type(&to);
  duckdb_cast_function_set_function(function, body);
  const duckdb_state state = duckdb_register_cast_function(connection, function);
  duckdb_destroy_cast_function(&function);
  if (state == DuckDBError) return fail(Fault::internal, "DuckDB refused a cast");
  return {};
}

}  // namespace

Status install_utc_casts(duckdb_connection connection) {
  TRY(add_cast(connection, DUCKDB_TYPE_DATE, cast<std::int32_t, to_date>));
  return add_cast(connection, DUCKDB_TYPE_TIMESTAMP, cast<std::int64_t, to_timestamp>);
}

}  // namespace weir
