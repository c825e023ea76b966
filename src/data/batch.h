#pragma once
// Holds rows in columns: a schema and a list of DuckDB data chunks of at most duckdb_vector_size() (2,048) rows, all
// vectors flat. Immutable once made, cheap to copy, safe to share.
//
// Threads: a Batch may be read from any thread; build one with a BatchBuilder on one thread. Ownership: chunks are
// shared and destroyed with the last Batch that holds them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <duckdb.h>

#include "base/result.h"
#include "data/schema.h"

namespace weir {

// Owns one duckdb_data_chunk.
class Chunk {
 public:
  explicit Chunk(duckdb_data_chunk chunk) : chunk_(chunk) {}
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;
  Chunk(Chunk&& other) noexcept : chunk_(other.chunk_) { other.chunk_ = nullptr; }
  Chunk& operator=(Chunk&&) = delete;
  ~Chunk() {
    if (chunk_ != nullptr) duckdb_destroy_data_chunk(&chunk_);
  }

  duckdb_data_chunk get() const { return chunk_; }
  std::size_t rows() const { return duckdb_data_chunk_get_size(chunk_); }
  duckdb_vector column(std::size_t i) const { return duckdb_data_chunk_get_vector(chunk_, i); }

 private:
  duckdb_data_chunk chunk_;
};

class Batch {
 public:
  Batch() : schema_(std::make_shared<Schema>()) {}
  Batch(std::shared_ptr<const Schema> schema, std::vector<std::shared_ptr<const Chunk>> chunks);

  const Schema& schema() const { return *schema_; }
  std::shared_ptr<const Schema> shared_schema() const { return schema_; }
  const std::vector<std::shared_ptr<const Chunk>>& chunks() const { return chunks_; }
  std::size_t rows() const { return rows_; }
  bool empty() const { return rows_ == 0; }

  // The values of the hidden column `_src`, in row order; the schema must have it.
  std::vector<std::uint64_t> src() const;

 private:
  std::shared_ptr<const Schema> schema_;
  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::size_t rows_ = 0;
};

// An empty chunk with a vector for each column.
Chunk make_chunk(const Schema& schema);

// The rows of `batch` whose positions (ascending) are given; chunks that stay whole are shared, not copied.
Batch take_rows(const Batch& batch, std::span<const std::uint64_t> rows);

// The columns at these positions, in this order; values are shared, not copied.
Batch select_columns(const Batch& batch, std::span<const std::size_t> columns);

// Chunks of `a`, then of `b`; the schemas must be equal.
Batch concatenate(const Batch& a, const Batch& b);

// DuckDB's own description of a type; the caller destroys it (duckdb_destroy_logical_type).
duckdb_logical_type to_duckdb(const Type& type);
// Fault::config for a type that Weir does not carry (ENUM, UNION, BIT, ...), naming it.
Result<Type> from_duckdb(duckdb_logical_type type);

// Whether row `row` of a flat vector is not null.
inline bool is_valid(const std::uint64_t* validity, std::size_t row) {
  return validity == nullptr || (validity[row >> 6] >> (row & 63) & 1) != 0;
}

}  // namespace weir
