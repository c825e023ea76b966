#include "steps/made_columns.h"

#include <utility>
#include <vector>

#include "base/check.h"

namespace weir {

Batch with_made_columns(const Batch& rows, std::shared_ptr<const Schema> schema, std::span<const std::size_t> from,
                        const FillColumns& fill) {
  CHECK(schema->size() == from.size());
  std::vector<std::shared_ptr<const Chunk>> chunks;
  chunks.reserve(rows.chunks().size());
  std::uint64_t row = 0;
  for (const auto& chunk : rows.chunks()) {
    Chunk made = make_chunk(*schema);
    for (std::size_t i = 0; i < from.size(); ++i)
      if (from[i] != made_column) duckdb_vector_reference_vector(made.column(i), chunk->column(from[i]));
    fill(*chunk, made, row);
    duckdb_data_chunk_set_size(made.get(), chunk->rows());
    row += chunk->rows();
    chunks.push_back(std::make_shared<const Chunk>(std::move(made)));
  }
  return Batch(std::move(schema), std::move(chunks));
}

Batch renamed(const Batch& rows, std::shared_ptr<const Schema> schema) {
  CHECK(rows.schema().size() == schema->size());
  return Batch(std::move(schema), rows.chunks());
}

}  // namespace weir
