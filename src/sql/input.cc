#include "sql/input.h"

#include <numeric>
#include <string>

#include "sql/session.h"

namespace weir {
namespace {

constexpr const char* function_name = "weir_input";

struct Scan {
  const Batch* batch;
  std::vector<idx_t> columns;  // of the batch, in the order DuckDB wants them
  std::size_t chunk = 0;
  std::uint64_t row = 0;  // position of the next chunk's first row
};

void bind(duckdb_bind_info info) {
  auto& tables = *static_cast<InputTables*>(duckdb_bind_get_extra_info(info));
  duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
  const std::uint64_t slot = duckdb_get_uint64(parameter);
  duckdb_destroy_value(&parameter);
  if (!tables.has(slot)) return duckdb_bind_set_error(info, "no such input");
  const auto add = [&](std::string_view name, duckdb_logical_type type) {
    duckdb_bind_add_result_column(info, std::string(name).c_str(), type);
    duckdb_destroy_logical_type(&type);
  };
  for (const Column& column : tables.at(slot).schema.columns()) add(column.name, to_duckdb(column.type));
  if (tables.at(slot).numbered) add(row_column, duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT));
  duckdb_bind_set_bind_data(info, new std::uint64_t(slot), [](void* p) { delete static_cast<std::uint64_t*>(p); });
}

void init(duckdb_init_info info) {
  auto& tables = *static_cast<InputTables*>(duckdb_init_get_extra_info(info));
  InputSlot& slot = tables.at(*static_cast<std::uint64_t*>(duckdb_init_get_bind_data(info)));
  if (slot.batch == nullptr) return duckdb_init_set_error(info, "the input has no batch");
  auto* scan = new Scan{slot.batch, {}, 0, 0};
  slot.columns_read.clear();
  for (idx_t i = 0; i < duckdb_init_get_column_count(info); ++i) {
    const idx_t column = duckdb_init_get_column_index(info, i);
    scan->columns.push_back(column);
    if (column < slot.schema.size()) slot.columns_read.push_back(column);
  }
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, scan, [](void* p) { delete static_cast<Scan*>(p); });
}

void next_chunk(duckdb_function_info info, duckdb_data_chunk output) {
  auto& tables = *static_cast<InputTables*>(duckdb_function_get_extra_info(info));
  auto& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  if (tables.stopped.load(std::memory_order_relaxed)) return duckdb_function_set_error(info, "stopped");
  const auto& chunks = scan.batch->chunks();
  while (scan.chunk < chunks.size() && chunks[scan.chunk]->rows() == 0)
    ++scan.chunk;  // an empty one would end the scan
  if (scan.chunk == chunks.size()) return duckdb_data_chunk_set_size(output, 0);
  const Chunk& chunk = *chunks[scan.chunk++];
  for (std::size_t i = 0; i < scan.columns.size(); ++i) {
    duckdb_vector to = duckdb_data_chunk_get_vector(output, i);
    if (scan.columns[i] < scan.batch->schema().size()) {
      duckdb_vector_reference_vector(to, chunk.column(scan.columns[i]));
    } else {
      auto* const rows = static_cast<std::uint64_t*>(duckdb_vector_get_data(to));
      std::iota(rows, rows + chunk.rows(), scan.row);
    }
  }
  scan.row += chunk.rows();
  duckdb_data_chunk_set_size(output, chunk.rows());
}

void replace_name(duckdb_replacement_scan_info info, const char* table_name, void* data) {
  const auto& tables = *static_cast<InputTables*>(data);
  if (tables.names() == nullptr) return;
  for (const auto& [name, slot] : *tables.names()) {
    if (name != table_name) continue;
    duckdb_replacement_scan_set_function_name(info, function_name);
    duckdb_value parameter = duckdb_create_uint64(slot);
    duckdb_replacement_scan_add_parameter(info, parameter);
    duckdb_destroy_value(&parameter);
    return;
  }
}

}  // namespace

Status InputTables::install(duckdb_database database, duckdb_connection connection) {
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_logical_type slot = duckdb_create_logical_type(DUCKDB_TYPE_UBIGINT);
  duckdb_table_function_set_name(function, function_name);
  duckdb_table_function_add_parameter(function, slot);
  duckdb_destroy_logical_type(&slot);
  duckdb_table_function_set_extra_info(function, this, nullptr);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_function(function, next_chunk);
  duckdb_table_function_supports_projection_pushdown(function, true);
  const duckdb_state state = duckdb_register_table_function(connection, function);
  duckdb_destroy_table_function(&function);
  if (state == DuckDBError) return fail(Fault::internal, "DuckDB refused the input table function");
  duckdb_add_replacement_scan(database, replace_name, this, nullptr);
  return {};
}

std::uint64_t InputTables::add(Schema schema, bool numbered) {
  slots_[next_].schema = std::move(schema);
  slots_[next_].numbered = numbered;
  return next_++;
}

}  // namespace weir
