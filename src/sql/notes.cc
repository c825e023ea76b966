#include "sql/notes.h"

#include <algorithm>

namespace weir {
namespace {

void note(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  auto& notes = *static_cast<Notes*>(duckdb_scalar_function_get_extra_info(info));
  const idx_t rows = duckdb_data_chunk_get_size(input);
  const auto* clause =
      static_cast<const std::uint32_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
  const auto* row = static_cast<const std::uint64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  for (idx_t i = 0; i < rows; ++i) notes.add({clause[i], row[i]});
  std::fill_n(static_cast<bool*>(duckdb_vector_get_data(output)), rows, false);
}

void same(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector_reference_vector(output, duckdb_data_chunk_get_vector(input, 0));
}

Status add_function(duckdb_connection connection, const char* name, const std::vector<duckdb_type>& parameters,
                    duckdb_type gives, duckdb_scalar_function_t body, void* extra) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, name);
  for (const duckdb_type id : parameters) {
    duckdb_logical_type type = duckdb_create_logical_type(id);
    duckdb_scalar_function_add_parameter(function, type);
    duckdb_destroy_logical_type(&type);
  }
  duckdb_logical_type type = duckdb_create_logical_type(gives);
  duckdb_scalar_function_set_return_type(function, type);
  duckdb_destroy_logical_type(&type);
  duckdb_scalar_function_set_volatile(function);
  duckdb_scalar_function_set_extra_info(function, extra, nullptr);
  duckdb_scalar_function_set_function(function, body);
  const duckdb_state state = duckdb_register_scalar_function(connection, function);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) return fail(Fault::internal, std::string("DuckDB refused the function ") + name);
  return {};
}

}  // namespace

Status Notes::install(duckdb_connection connection) {
  TRY(add_function(connection, "weir_note", {DUCKDB_TYPE_UINTEGER, DUCKDB_TYPE_UBIGINT}, DUCKDB_TYPE_BOOLEAN, note,
                   this));
  return add_function(connection, "weir_same", {DUCKDB_TYPE_UBIGINT}, DUCKDB_TYPE_UBIGINT, same, nullptr);
}

}  // namespace weir
