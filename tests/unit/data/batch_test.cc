#include "data/batch.h"

#include <numeric>
#include <string>

#include <catch2/catch.hpp>

namespace weir {
namespace {

// Column `text` is the row number as text, `_src` the row number.
Batch numbered(std::uint64_t first, std::uint64_t rows) {
  const auto schema = std::make_shared<Schema>(Schema({{"text", {TypeKind::string}}, {"_src", {TypeKind::uint64}}}));
  std::vector<std::shared_ptr<const Chunk>> chunks;
  while (rows > 0) {
    const std::uint64_t here = std::min<std::uint64_t>(rows, duckdb_vector_size());
    Chunk chunk = make_chunk(*schema);
    auto* src = static_cast<std::uint64_t*>(duckdb_vector_get_data(chunk.column(1)));
    for (std::uint64_t i = 0; i < here; ++i) {
      const std::string text = "a long enough text, number " + std::to_string(first + i);
      duckdb_vector_assign_string_element_len(chunk.column(0), i, text.data(), text.size());
      src[i] = first + i;
    }
    duckdb_data_chunk_set_size(chunk.get(), here);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
    first += here;
    rows -= here;
  }
  return Batch(schema, std::move(chunks));
}

std::string text_at(const Chunk& chunk, std::size_t row) {
  auto* strings = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk.column(0)));
  return std::string(duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row]));
}

TEST_CASE("taken rows keep their order and values across chunks") {
  const Batch batch = numbered(0, 5000);
  const std::vector<std::uint64_t> rows{0, 2047, 2048, 4095, 4999};
  const Batch taken = take_rows(batch, rows);
  REQUIRE(taken.src() == rows);
  REQUIRE(text_at(*taken.chunks().back(), 0) == "a long enough text, number 4999");
}

TEST_CASE("whole chunks are shared and no rows give an empty batch") {
  const Batch batch = numbered(0, 4096);
  std::vector<std::uint64_t> all(4096);
  std::iota(all.begin(), all.end(), 0);
  REQUIRE(take_rows(batch, all).chunks()[1] == batch.chunks()[1]);
  REQUIRE(take_rows(batch, {}).empty());
}

TEST_CASE("batches are put one behind the other") {
  const Batch both = concatenate(numbered(0, 3), numbered(3, 2));
  REQUIRE(both.src() == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
}

}  // namespace
}  // namespace weir
