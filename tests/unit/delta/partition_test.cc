#include "delta/partition.h"

#include "delta/delta_fixture.h"

using namespace weir;
using namespace weir::test;
using delta::split;

namespace {

std::vector<std::string> texts(const delta::PartitionParts& parts) {
  std::vector<std::string> out;
  for (const auto& part : parts.parts) {
    std::string line;
    for (const auto& value : part.values) line += value.value_or("NULL") + "|";
    out.push_back(line + std::to_string(part.rows.rows()));
  }
  return out;
}

std::vector<std::string> texts_of(const std::string& values) {
  const auto io = open_session(SessionKind::io);
  return texts(split(*io, batch_of(*io, "SELECT * FROM (VALUES " + values + ") t(p)"), {"p"}).value());
}

}  // namespace

TEST_CASE("values as the log keeps them; the empty text is null") {
  CHECK(texts_of("('a'), (''), (NULL), ('a'), ('a/b=c d%é:#?'), ('NULL'), (' ')") ==
        std::vector<std::string>{"NULL|2", " |1", "NULL|1", "a|2", "a/b=c d%é:#?|1"});
  CHECK(texts_of("(DATE '2026-01-02'), (DATE '0001-01-01'), (NULL)") ==
        std::vector<std::string>{"NULL|1", "0001-01-01|1", "2026-01-02|1"});
  CHECK(texts_of("(TIMESTAMPTZ '1960-01-01 00:00:00.000001+00'), (TIMESTAMPTZ '2026-01-01 02:00:00+02')") ==
        std::vector<std::string>{"1960-01-01T00:00:00.000001Z|1", "2026-01-01T00:00:00.000000Z|1"});
  CHECK(texts_of("(true), (false), (NULL)") == std::vector<std::string>{"NULL|1", "false|1", "true|1"});
  CHECK(texts_of("(-9223372036854775808), (7)") == std::vector<std::string>{"-9223372036854775808|1", "7|1"});
  CHECK(texts_of("(CAST('-0.50' AS DECIMAL(4,2))), (12.34)") == std::vector<std::string>{"-0.50|1", "12.34|1"});
}

TEST_CASE("several columns, and none") {
  const auto io = open_session(SessionKind::io);
  const Batch rows =
      batch_of(*io, "SELECT i, i % 2 = 0 AS even, CAST(i % 3 AS VARCHAR) AS third FROM range(5000) t(i)");
  const auto parts = split(*io, rows, {"third", "even"}).value();
  CHECK(parts.parts.size() == 6);
  std::size_t total = 0;
  for (const auto& part : parts.parts) total += part.rows.rows();
  CHECK(total == 5000);
  CHECK(split(*io, rows, {}).value().parts.size() == 1);
}

TEST_CASE("rows without a place are given back in row order, the others are kept") {
  const auto io = open_session(SessionKind::io);
  const Batch rows = batch_of(*io, "SELECT i % 1500 AS p, i FROM range(3000) t(i)");
  const auto parts = split(*io, rows, {"p"}).value();
  CHECK(parts.parts.size() == delta::partitions_max);
  REQUIRE(parts.refused.size() == 2 * (1500 - delta::partitions_max));
  CHECK(parts.refused.front().row == delta::partitions_max);
  CHECK(parts.refused.front().column == "p");

  const Batch days = batch_of(*io,
                              "SELECT * FROM (VALUES (DATE '2026-01-01'), ('infinity'), (DATE '0044-03-15 (BC)'), "
                              "(DATE '10000-01-01'), (DATE '9999-12-31')) t(p)");
  const auto placed = split(*io, days, {"p"}).value();
  CHECK(texts(placed) == std::vector<std::string>{"2026-01-01|1", "9999-12-31|1"});
  REQUIRE(placed.refused.size() == 3);
  CHECK(placed.refused[2].row == 3);
}

TEST_CASE("a directory only where nothing needs an encoding") {
  using delta::plain_directory;
  CHECK(plain_directory({"day", "c"}, {"2026-01-01", "EUR"}) == "day=2026-01-01/c=EUR");
  CHECK(plain_directory({"day"}, {std::nullopt}) == "day=__HIVE_DEFAULT_PARTITION__");
  CHECK(plain_directory({}, {}).empty());
  for (const char* value : {"a/b", "..%", "é", "a b", "a:b", "x=y"}) CHECK(plain_directory({"p"}, {value}).empty());
  CHECK(plain_directory({"p"}, {std::string(101, 'x')}).empty());
  CHECK(plain_directory({"_p"}, {"x"}).empty());
  CHECK(plain_directory({"p/q"}, {"x"}).empty());
}
