#pragma once
// Registers an aggregate function of ours with DuckDB. `Body` is what it knows of one group:
//
//   static Columns        how it looks at the columns of a chunk: Columns(duckdb_data_chunk)
//   add(columns, row)     takes a row; NULLs are its own affair. false: a bound is passed, error() says which
//   merge(other)          the same, of what is known elsewhere
//   give(vector, row)     writes the result; the row of a nested vector is the next one
//   static error()
//
// DuckDB moves its states about as bytes, so that a state is only a pointer to the body. Include it from .cc files only.
//
// Threads: DuckDB's one thread. Errors: none leaves a callback but through DuckDB.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <duckdb.h>

#include "base/result.h"
#include "data/batch.h"

namespace weir {

// One of DuckDB's type descriptions.
class OwnType {
 public:
  OwnType(duckdb_type id) : type_(duckdb_create_logical_type(id)) {}  // NOLINT(google-explicit-constructor)
  explicit OwnType(duckdb_logical_type type) : type_(type) {}
  OwnType(OwnType&& other) noexcept : type_(std::exchange(other.type_, nullptr)) {}
  OwnType(const OwnType&) = delete;
  OwnType& operator=(const OwnType&) = delete;
  OwnType& operator=(OwnType&&) = delete;
  ~OwnType() {
    if (type_ != nullptr) duckdb_destroy_logical_type(&type_);
  }
  duckdb_logical_type get() const { return type_; }

  static OwnType map(const OwnType& key, const OwnType& value) {
    return OwnType(duckdb_create_map_type(key.get(), value.get()));
  }

 private:
  duckdb_logical_type type_;
};

// A structure is NULL only together with its members.
inline void set_null(duckdb_vector vector, idx_t row) {
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
  const OwnType type(duckdb_vector_get_column_type(vector));
  if (duckdb_get_type_id(type.get()) != DUCKDB_TYPE_STRUCT) return;
  for (idx_t i = 0; i < duckdb_struct_type_child_count(type.get()); ++i)
    set_null(duckdb_struct_vector_get_child(vector, i), row);
}

// The columns of a body that takes one argument.
struct OneColumn {
  explicit OneColumn(duckdb_data_chunk chunk)
      : vector(duckdb_data_chunk_get_vector(chunk, 0)), validity(duckdb_vector_get_validity(vector)) {}
  bool has(idx_t row) const { return is_valid(validity, row); }
  duckdb_vector vector;
  const std::uint64_t* validity;
};

template <class Body>
class OwnAggregate {
 public:
  static Status install(duckdb_connection connection, const char* name, const OwnType& takes, const OwnType& gives) {
    duckdb_aggregate_function function = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(function, name);
    duckdb_aggregate_function_add_parameter(function, takes.get());
    duckdb_aggregate_function_set_return_type(function, gives.get());
    duckdb_aggregate_function_set_special_handling(function);
    duckdb_aggregate_function_set_functions(function, size, init, update, combine, finalize);
    duckdb_aggregate_function_set_destructor(function, destroy);
    const duckdb_state state = duckdb_register_aggregate_function(connection, function);
    duckdb_destroy_aggregate_function(&function);
    if (state == DuckDBError) return fail(Fault::internal, std::string("DuckDB refused the function ") + name);
    return {};
  }

 private:
  static Body*& body(duckdb_aggregate_state state) { return *reinterpret_cast<Body**>(state); }
  static Body& made(duckdb_aggregate_state state) {
    Body*& known = body(state);
    if (known == nullptr) known = new Body();
    return *known;
  }

  static idx_t size(duckdb_function_info) { return sizeof(Body*); }
  static void init(duckdb_function_info, duckdb_aggregate_state state) { body(state) = nullptr; }

  static void update(duckdb_function_info info, duckdb_data_chunk input, duckdb_aggregate_state* states) {
    const typename Body::Columns columns(input);
    const idx_t rows = duckdb_data_chunk_get_size(input);
    for (idx_t i = 0; i < rows; ++i)
      if (columns.has(i) && !made(states[i]).add(columns, i))
        return duckdb_aggregate_function_set_error(info, Body::error());
  }

  static void combine(duckdb_function_info info, duckdb_aggregate_state* from, duckdb_aggregate_state* to,
                      idx_t count) {
    for (idx_t i = 0; i < count; ++i)
      if (body(from[i]) != nullptr && !made(to[i]).merge(*body(from[i])))
        return duckdb_aggregate_function_set_error(info, Body::error());
  }

  static void finalize(duckdb_function_info, duckdb_aggregate_state* states, duckdb_vector result, idx_t count,
                       idx_t offset) {
    for (idx_t i = 0; i < count; ++i) {
      if (body(states[i]) != nullptr)
        body(states[i])->give(result, offset + i);
      else
        set_null(result, offset + i);
    }
  }

  static void destroy(duckdb_aggregate_state* states, idx_t count) {
    for (idx_t i = 0; i < count; ++i) {
      delete body(states[i]);
      body(states[i]) = nullptr;
    }
  }
};

}  // namespace weir
