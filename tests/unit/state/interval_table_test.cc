#include "state/interval_table.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "checkpoint_fixture.h"

namespace weir {
namespace {

struct Row {
  std::int64_t start = 0;
  std::optional<std::string> key = {};
  std::int64_t end = 0;
  std::int64_t value = 0;
  bool operator==(const Row&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << "[" << row.start << ", " << row.end << ") " << row.key.value_or("null") << " " << row.value;
}

StateTableOptions options_of_table(std::uint64_t memory_max = std::uint64_t{1} << 30) {
  StateTableOptions options;
  options.id = "9";
  options.schema = Schema({{"start", Type{TypeKind::timestamp}},
                           {"key", Type{TypeKind::string}},
                           {"end", Type{TypeKind::timestamp}},
                           {"value", Type{TypeKind::int64}}});
  options.keys = 2;
  options.bucket_width = Micros(100);
  options.memory_max = Bytes(memory_max);
  return options;
}

Batch batch_of(const std::vector<Row>& rows) {
  const auto schema = std::make_shared<const Schema>(options_of_table().schema);
  std::vector<std::shared_ptr<const Chunk>> chunks;
  for (std::size_t begin = 0; begin < rows.size(); begin += duckdb_vector_size()) {
    Chunk chunk = make_chunk(*schema);
    const std::size_t count = std::min<std::size_t>(duckdb_vector_size(), rows.size() - begin);
    const auto numbers = [&](std::size_t column) {
      return static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(column)));
    };
    for (std::size_t i = 0; i < count; ++i) {
      const Row& row = rows[begin + i];
      numbers(0)[i] = row.start;
      numbers(2)[i] = row.end;
      numbers(3)[i] = row.value;
      if (row.key) {
        duckdb_vector_assign_string_element_len(chunk.column(1), i, row.key->data(), row.key->size());
      } else {
        duckdb_vector_ensure_validity_writable(chunk.column(1));
        duckdb_validity_set_row_invalid(duckdb_vector_get_validity(chunk.column(1)), i);
      }
    }
    duckdb_data_chunk_set_size(chunk.get(), count);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
  }
  return Batch(schema, std::move(chunks));
}

std::vector<Row> rows_of(const Result<Batch>& batch) {
  if (!batch) FAIL(batch.error().text());
  std::vector<Row> rows;
  for (const auto& chunk : batch->chunks()) {
    const auto numbers = [&](std::size_t column) {
      return static_cast<std::int64_t*>(duckdb_vector_get_data(chunk->column(column)));
    };
    for (std::size_t i = 0; i < chunk->rows(); ++i) {
      Row row{numbers(0)[i], {}, numbers(2)[i], numbers(3)[i]};
      if (is_valid(duckdb_vector_get_validity(chunk->column(1)), i)) {
        auto* const text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(1))) + i;
        row.key = std::string(duckdb_string_t_data(text), duckdb_string_t_length(*text));
      }
      rows.push_back(row);
    }
  }
  return rows;
}

std::vector<Row> sorted(std::vector<Row> rows) {
  std::sort(rows.begin(), rows.end(),
            [](const Row& a, const Row& b) { return std::tie(a.key, a.start) < std::tie(b.key, b.start); });
  return rows;
}

IntervalTable must_open_table(Checkpoint& checkpoint, const StateTableOptions& options = options_of_table()) {
  auto table = IntervalTable::open(checkpoint, options);
  if (!table) FAIL(table.error().text());
  return *std::move(table);
}

void must_commit(Checkpoint& checkpoint, IntervalTable& table) {
  StateChanges changes;
  REQUIRE(table.pack(changes));
  must_run_batch(checkpoint, changes);
  table.merge();
}

TEST_CASE("intervals are found by key and time; those that only touch do not overlap") {
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  std::optional<IntervalTable> table = must_open_table(*checkpoint);
  const Row a1{-50, "a", -20, 1}, a2{0, "a", 30, 2}, a3{300, "a", 330, 3}, b{0, "b", 1'000, 4}, null{0, {}, 10, 5};
  REQUIRE(table->put(batch_of({a2, b, a1, null, a3})));
  for (int round = 0; round < 2; ++round) {
    CHECK(rows_of(table->overlapping(batch_of({{-20, "a", 0}}))).empty());
    CHECK(rows_of(table->overlapping(batch_of({{-21, "a", 1}}))) == std::vector<Row>{a1, a2});
    CHECK(rows_of(table->overlapping(batch_of({{29, "a", 301}, {5, "a", 6}, {5, {}, 6}}))) ==
          std::vector<Row>{a2, a3, null});
    CHECK(rows_of(table->overlapping(batch_of({{999, "b", 2'000}, {0, "c", 10}}))) == std::vector<Row>{b});
    CHECK(table->first_end() == Micros(-20));
    CHECK(rows_of(table->ended(Micros(29))) == std::vector<Row>{a1, null});
    CHECK(rows_of(table->ended(Micros(INT64_MAX))) == std::vector<Row>{a1, null, a2, a3, b});
    must_commit(*checkpoint, *table);
    CHECK(table->size().rows == 5);
    table.reset();
    checkpoint.reset();
    checkpoint = must_open(directory.path());
    table = must_open_table(*checkpoint);
  }
}

TEST_CASE("what a batch changed is taken back, and erased rows leave nothing behind") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  IntervalTable table = must_open_table(*checkpoint);
  const std::vector<Row> rows = {{0, "a", 10, 1}, {20, "a", 30, 2}, {5, "b", 15, 3}};
  REQUIRE(table.put(batch_of(rows)));
  must_commit(*checkpoint, table);
  REQUIRE(table.erase(batch_of({rows[0], rows[1], rows[2], {7, "a"}, {0, "nobody"}})));
  REQUIRE(table.put(batch_of({{0, "a", 30, 9}, {0, "c", 10, 9}})));
  CHECK(rows_of(table.ended(Micros(100))) == std::vector<Row>{{0, "c", 10, 9}, {0, "a", 30, 9}});
  table.discard();
  CHECK(sorted(rows_of(table.ended(Micros(100)))) == sorted(rows));
  CHECK(table.size().rows == 3);
  const std::uint64_t memory = table.size().memory.value;
  REQUIRE(table.erase(batch_of(rows)));
  must_commit(*checkpoint, table);
  CHECK(table.size().rows == 0);
  CHECK(table.size().bytes == Bytes(0));
  CHECK(table.size().memory.value < memory);
  CHECK_FALSE(table.first_end());
}

TEST_CASE("more intervals than memory can hold the places of are a named stop") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  IntervalTable table = must_open_table(*checkpoint, options_of_table(200'000));
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < 300; ++i) rows.push_back({i, "key " + std::to_string(i), i + 10, i});
  REQUIRE(table.put(batch_of(rows)));
  for (Row& row : rows) row.key = "other " + *row.key;
  const Status put = table.put(batch_of(rows));
  REQUIRE_FALSE(put);
  CHECK(put.error().fault == Fault::config);
  CHECK(put.error().message.find("too many sessions are open at once") == 0);
  CHECK(put.error().message.find("raise resources.memory") != std::string::npos);
}

using Model = std::map<std::pair<std::optional<std::string>, std::int64_t>, Row>;

std::vector<Row> all_of(const Model& model) {
  std::vector<Row> rows;
  for (const auto& [key, row] : model) rows.push_back(row);
  return rows;
}

// Random spans: what each overlaps is merged into it, as sessions do; then some end.
void run_batch(IntervalTable& table, Model& model, std::mt19937_64& random, std::int64_t now) {
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  for (std::int64_t operations = below(60); operations > 0; --operations) {
    Row row{now + below(400) - 200, {}, 0, below(1'000)};
    if (below(20) != 0)
      row.key = "key " + std::to_string(below(30)) + std::string(static_cast<std::size_t>(below(60)), '.');
    row.end = row.start + 1 + below(100);
    std::vector<Row> wanted;
    for (const auto& [key, other] : model)
      if (other.key == row.key && other.start < row.end && row.start < other.end) wanted.push_back(other);
    const std::vector<Row> found = rows_of(table.overlapping(batch_of({row})));
    REQUIRE(found == wanted);
    REQUIRE(table.erase(batch_of(found)));
    for (const Row& other : found) {
      model.erase({other.key, other.start});
      row.start = std::min(row.start, other.start);
      row.end = std::max(row.end, other.end);
    }
    REQUIRE(table.put(batch_of({row})));
    model[{row.key, row.start}] = row;
  }
  const std::int64_t horizon = now - 300 + below(200);
  const std::vector<Row> ended = rows_of(table.ended(Micros(horizon)));
  for (const Row& row : ended) CHECK(row.end <= horizon);
  std::erase_if(model, [&](const auto& entry) { return entry.second.end <= horizon; });
  REQUIRE(table.erase(batch_of(ended)));
}

void run_against_model(unsigned seed, std::uint64_t memory_max) {
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  const StateTableOptions options = options_of_table(memory_max);
  std::optional<IntervalTable> table = must_open_table(*checkpoint, options);
  Model committed;
  std::int64_t now = -3'000;
  const auto reopen = [&] {
    table.reset();
    checkpoint.reset();
    checkpoint = must_open(directory.path());
    table = must_open_table(*checkpoint, options);
  };
  for (int batch = 0; batch < 60; ++batch, now += static_cast<std::int64_t>(random() % 150)) {
    Model model = committed;
    const std::mt19937_64 before = random;
    run_batch(*table, model, random, now);
    StateChanges changes;
    REQUIRE(table->pack(changes));
    const std::uint64_t fate = random() % 4;
    if (fate <= 1) {
      fate == 0 ? table->discard() : reopen();
      REQUIRE(sorted(rows_of(table->ended(Micros(INT64_MAX)))) == all_of(committed));
      model = committed;
      random = before;
      run_batch(*table, model, random, now);
      changes = {};
      REQUIRE(table->pack(changes));
    }
    must_run_batch(*checkpoint, changes);
    committed = model;
    random() % 4 == 0 ? reopen() : table->merge();
    CHECK(table->size().rows == committed.size());
    REQUIRE(sorted(rows_of(table->ended(Micros(INT64_MAX)))) == all_of(committed));
  }
}

TEST_CASE("random intervals that merge, end, are discarded and killed agree with a map") {
  for (unsigned seed = 1; seed <= 3; ++seed) run_against_model(seed, std::uint64_t{1} << 30);
}

TEST_CASE("intervals of buckets on disk are found, merged and gone when their last row is") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  StateTableOptions options = options_of_table(2'000'000);
  options.bucket_width = Micros(100'000);
  IntervalTable table = must_open_table(*checkpoint, options);
  std::vector<Row> rows;
  const std::string padding(300, 'x');  // makes rows big beside the places of their intervals
  for (std::int64_t i = 0; i < 3'000; ++i) rows.push_back({i * 100, padding + std::to_string(i % 3), i * 100 + 50, i});
  for (std::size_t i = 0; i < rows.size(); i += 500) {
    REQUIRE(table.put(batch_of(
        {rows.begin() + static_cast<std::ptrdiff_t>(i), rows.begin() + static_cast<std::ptrdiff_t>(i + 500)})));
    must_commit(*checkpoint, table);
  }
  std::uint64_t sealed = 0;
  const auto count = [&](std::string_view, std::string_view) -> Status {
    ++sealed;
    return {};
  };
  REQUIRE(checkpoint->scan("state.9", "F", "G", count));
  CHECK(sealed > 0);
  CHECK(rows_of(table.overlapping(batch_of({rows[1], rows[2'999], rows[4]}))) ==
        std::vector<Row>{rows[1], rows[2'999], rows[4]});
  rows[1].end += 20;
  REQUIRE(table.put(batch_of({rows[1]})));
  must_commit(*checkpoint, table);
  table = must_open_table(*checkpoint, options);
  CHECK(table.size().rows == rows.size());
  CHECK(rows_of(table.overlapping(batch_of({{rows[1].end - 1, rows[1].key, rows[1].end}}))) ==
        std::vector<Row>{rows[1]});
  // All but the very first go: the buckets behind its own must not wait for it.
  const Row first = rows.front();
  rows.erase(rows.begin());
  REQUIRE(table.erase(batch_of(rows)));
  must_commit(*checkpoint, table);
  CHECK(table.size().rows == 1);
  std::set<std::string> buckets;
  REQUIRE(checkpoint->scan("state.9", "B", "G", [&](std::string_view key, std::string_view) -> Status {
    buckets.emplace(key.substr(1, 8));
    return {};
  }));
  CHECK(buckets.size() == 1);
  CHECK(rows_of(must_open_table(*checkpoint, options).ended(Micros(INT64_MAX))) == std::vector<Row>{first});
}

}  // namespace
}  // namespace weir
