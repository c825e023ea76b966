#include "data/batch.h"

#include <algorithm>

#include "base/check.h"

namespace weir {

Batch::Batch(std::shared_ptr<const Schema> schema, std::vector<std::shared_ptr<const Chunk>> chunks)
    : schema_(std::move(schema)), chunks_(std::move(chunks)) {
  for (const auto& chunk : chunks_) rows_ += chunk->rows();
}

std::vector<std::uint64_t> Batch::src() const {
  const auto column = schema_->find(src_column);
  CHECK(column.has_value(), "the batch has no _src column");
  std::vector<std::uint64_t> out;
  out.reserve(rows_);
  for (const auto& chunk : chunks_) {
    const auto* data = static_cast<const std::uint64_t*>(duckdb_vector_get_data(chunk->column(*column)));
    out.insert(out.end(), data, data + chunk->rows());
  }
  return out;
}

Chunk make_chunk(const Schema& schema) {
  std::vector<duckdb_logical_type> types;
  for (const Column& column : schema.columns()) types.push_back(to_duckdb(column.type));
  Chunk chunk(duckdb_create_data_chunk(types.data(), types.size()));
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  return chunk;
}

namespace {

Chunk copy_rows(const Schema& schema, const Chunk& from, std::span<const std::uint64_t> rows, std::uint64_t first) {
  Chunk to = make_chunk(schema);
  duckdb_selection_vector selection = duckdb_create_selection_vector(rows.size());
  sel_t* const picks = duckdb_selection_vector_get_data_ptr(selection);
  for (std::size_t i = 0; i < rows.size(); ++i) picks[i] = static_cast<sel_t>(rows[i] - first);
  for (std::size_t c = 0; c < schema.size(); ++c)
    duckdb_vector_copy_sel(from.column(c), to.column(c), selection, rows.size(), 0, 0);
  duckdb_destroy_selection_vector(selection);
  duckdb_data_chunk_set_size(to.get(), rows.size());
  return to;
}

}  // namespace

Batch take_rows(const Batch& batch, std::span<const std::uint64_t> rows) {
  std::vector<std::shared_ptr<const Chunk>> chunks;
  std::uint64_t first = 0;
  for (const auto& chunk : batch.chunks()) {
    const std::uint64_t end = first + chunk->rows();
    const auto stop = std::lower_bound(rows.begin(), rows.end(), end);
    const auto mine = std::span(rows.begin(), stop);
    rows = rows.subspan(mine.size());
    if (mine.size() == chunk->rows()) {
      chunks.push_back(chunk);
    } else if (!mine.empty()) {
      chunks.push_back(std::make_shared<const Chunk>(copy_rows(batch.schema(), *chunk, mine, first)));
    }
    first = end;
  }
  return Batch(batch.shared_schema(), std::move(chunks));
}

Batch select_columns(const Batch& batch, std::span<const std::size_t> columns) {
  auto schema = std::make_shared<Schema>();
  for (const std::size_t c : columns) schema->add(batch.schema().columns()[c]);
  std::vector<std::shared_ptr<const Chunk>> chunks;
  for (const auto& chunk : batch.chunks()) {
    Chunk picked = make_chunk(*schema);
    for (std::size_t i = 0; i < columns.size(); ++i)
      duckdb_vector_reference_vector(picked.column(i), chunk->column(columns[i]));
    duckdb_data_chunk_set_size(picked.get(), chunk->rows());
    chunks.push_back(std::make_shared<const Chunk>(std::move(picked)));
  }
  return Batch(std::move(schema), std::move(chunks));
}

Batch concatenate(const Batch& a, const Batch& b) {
  CHECK(a.schema() == b.schema(), "batches to concatenate have one schema");
  auto chunks = a.chunks();
  chunks.insert(chunks.end(), b.chunks().begin(), b.chunks().end());
  return Batch(a.shared_schema(), std::move(chunks));
}

}  // namespace weir
