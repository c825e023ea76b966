#include "pipeline/books.h"

#include <catch2/catch.hpp>

namespace weir {
namespace {

Batch rows(std::size_t count) {
  const auto schema = std::make_shared<Schema>(Schema({{"a", {TypeKind::int32}}}));
  Chunk chunk = make_chunk(*schema);
  duckdb_data_chunk_set_size(chunk.get(), count);
  return Batch(schema, {std::make_shared<const Chunk>(std::move(chunk))});
}

StepOutput output(std::uint64_t taken, std::uint64_t given, std::uint64_t filtered) {
  StepOutput out;
  out.rows = rows(given);
  out.books.push_back({"big", taken, given});
  out.dropped.push_back({"big", DropReason::filtered, filtered});
  return out;
}

Rejected rejected(const std::string& step) {
  Rejected row;
  row.step = step;
  return row;
}

TEST_CASE("a batch in which every row is accounted for balances") {
  Books books;
  books.source("payments", 10, 9);
  books.rejected({rejected("payments")});
  books.step("payments", output(9, 5, 4));
  books.sink("lake", "big", 5, 5);
  REQUIRE(books.imbalance().empty());
}

TEST_CASE("each kind of lost row is found and named") {
  SECTION("a decoder loses one") {
    Books books;
    books.source("payments", 10, 9);
    REQUIRE(books.imbalance() == "payments took 10 rows, gave 9 and let 0 go by a reason; ");
  }
  SECTION("a step loses one") {
    Books books;
    books.source("payments", 9, 9);
    books.step("payments", output(9, 5, 3));
    REQUIRE(books.imbalance() == "big took 9 rows, gave 5 and let 3 go by a reason; ");
  }
  SECTION("a row is lost between two") {
    Books books;
    books.source("payments", 9, 9);
    books.sink("lake", "payments", 8, 8);
    REQUIRE(books.imbalance() == "payments gave 9 rows, lake took 8; ");
  }
  SECTION("a step says more than it gives") {
    Books books;
    books.source("payments", 9, 9);
    StepOutput out = output(9, 5, 4);
    out.rows = rows(4);
    books.step("payments", out);
    REQUIRE(books.imbalance() == "big reports 5 rows and gives 4; ");
  }
  SECTION("a reason without a row") {
    Books books;
    books.rejected({rejected("nowhere")});
    REQUIRE(books.imbalance() == "1 rows left at nowhere, which took none; ");
  }
}

}  // namespace
}  // namespace weir
