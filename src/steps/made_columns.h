#pragma once
// Puts columns that a step makes itself beside those of a batch, which are shared, not copied.
//
// Threads: plain functions.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "data/batch.h"

namespace weir {

// Fills the made columns of a chunk: `row` is the position of its first row in the batch.
using FillColumns = std::function<void(const Chunk& from, Chunk& to, std::uint64_t row)>;

// A batch of `schema`. Its column i is column from[i] of `rows`; where that is made_column, `fill` writes it.
inline constexpr std::size_t made_column = SIZE_MAX;
Batch with_made_columns(const Batch& rows, std::shared_ptr<const Schema> schema, std::span<const std::size_t> from,
                        const FillColumns& fill);

// The same columns under another schema of the same types (names, what may be null).
Batch renamed(const Batch& rows, std::shared_ptr<const Schema> schema);

template <class T>
T* column_values(const Chunk& chunk, std::size_t column) {
  return static_cast<T*>(duckdb_vector_get_data(chunk.column(column)));
}

}  // namespace weir
