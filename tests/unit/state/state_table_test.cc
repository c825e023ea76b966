#include "state/state_table.h"

#include <map>
#include <random>

#include "checkpoint_fixture.h"

namespace weir {
namespace {

struct Row {
  std::int64_t time = 0;
  std::optional<std::string> city = {};
  std::optional<std::int64_t> count = {};
  double sum = 0;
  bool operator==(const Row&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.time << " " << row.city.value_or("null") << " " << row.count.value_or(-1) << " " << row.sum;
}

StateTableOptions options_of_table(std::int64_t width = 100, std::uint64_t memory_max = std::uint64_t{1} << 30) {
  StateTableOptions options;
  options.id = "9";
  options.schema = Schema({{"window_start", Type{TypeKind::timestamp}},
                           {"city", Type{TypeKind::string}},
                           {"n", Type{TypeKind::int64}},
                           {"total", Type{TypeKind::float64}}});
  options.keys = 2;
  options.bucket_width = Micros(width);
  options.memory_max = Bytes(memory_max);
  return options;
}

void set_null(duckdb_vector vector, std::size_t row) {
  duckdb_vector_ensure_validity_writable(vector);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
}

Batch batch_of(const std::vector<Row>& rows) {
  const auto schema = std::make_shared<const Schema>(options_of_table().schema);
  std::vector<std::shared_ptr<const Chunk>> chunks;
  for (std::size_t begin = 0; begin < rows.size(); begin += duckdb_vector_size()) {
    Chunk chunk = make_chunk(*schema);
    const std::size_t count = std::min<std::size_t>(duckdb_vector_size(), rows.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      const Row& row = rows[begin + i];
      static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(0)))[i] = row.time;
      if (row.city) {
        duckdb_vector_assign_string_element_len(chunk.column(1), i, row.city->data(), row.city->size());
      } else {
        set_null(chunk.column(1), i);
      }
      static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(2)))[i] = row.count.value_or(0);
      if (!row.count) set_null(chunk.column(2), i);
      static_cast<double*>(duckdb_vector_get_data(chunk.column(3)))[i] = row.sum;
    }
    duckdb_data_chunk_set_size(chunk.get(), count);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
  }
  return Batch(schema, std::move(chunks));
}

std::vector<Row> rows_of(const Batch& batch) {
  std::vector<Row> rows;
  for (const auto& chunk : batch.chunks()) {
    for (std::size_t i = 0; i < chunk->rows(); ++i) {
      Row row;
      row.time = static_cast<std::int64_t*>(duckdb_vector_get_data(chunk->column(0)))[i];
      if (is_valid(duckdb_vector_get_validity(chunk->column(1)), i)) {
        auto* const text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(chunk->column(1))) + i;
        row.city = std::string(duckdb_string_t_data(text), duckdb_string_t_length(*text));
      }
      if (is_valid(duckdb_vector_get_validity(chunk->column(2)), i))
        row.count = static_cast<std::int64_t*>(duckdb_vector_get_data(chunk->column(2)))[i];
      row.sum = static_cast<double*>(duckdb_vector_get_data(chunk->column(3)))[i];
      rows.push_back(row);
    }
  }
  return rows;
}

StateTable must_open_table(Checkpoint& checkpoint, const StateTableOptions& options = options_of_table()) {
  auto table = StateTable::open(checkpoint, options);
  if (!table) FAIL(table.error().text());
  return *std::move(table);
}

void must_commit(Checkpoint& checkpoint, StateTable& table) {
  StateChanges changes;
  REQUIRE(table.pack(changes));
  must_run_batch(checkpoint, changes);
  table.merge();
}

constexpr Micros the_first{INT64_MIN};
constexpr Micros the_last{INT64_MAX};

std::vector<Row> all_of(StateTable& table) {
  const auto batch = table.range(the_first, the_last);
  if (!batch) FAIL(batch.error().text());
  return rows_of(*batch);
}

std::optional<Micros> first_of(StateTable& table) {
  const auto first = table.first_time();
  if (!first) FAIL(first.error().text());
  return *first;
}

std::vector<Row> all_of(StateTable&& table) { return all_of(table); }

TEST_CASE("rows are found, replaced, erased and given in the order of their keys, at once and after a restart") {
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  std::optional<StateTable> table = must_open_table(*checkpoint);
  REQUIRE(table->put(
      batch_of({{100, "b", 1, 1.5}, {100, "a", 2, 2}, {0, "z", 3, 3}, {-100, {}, {}, -0.0}, {100, {}, 5, 5}})));
  REQUIRE(table->put(batch_of({{100, "b", 10, 15}})));
  const std::vector<Row> wanted = {
      {-100, {}, {}, -0.0}, {0, "z", 3, 3}, {100, {}, 5, 5}, {100, "a", 2, 2}, {100, "b", 10, 15}};
  CHECK(all_of(*table) == wanted);
  CHECK(rows_of(*table->find(batch_of({{100, "b"}, {100, "c"}, {0, "z"}, {100, "b"}, {100, {}}}))) ==
        std::vector<Row>{{100, "b", 10, 15}, {0, "z", 3, 3}, {100, {}, 5, 5}});
  CHECK(first_of(*table) == Micros(-100));
  must_commit(*checkpoint, *table);
  REQUIRE(table->erase(batch_of({{100, "a"}, {100, "nobody"}, {-100, {}}})));
  CHECK(first_of(*table) == Micros(0));
  CHECK(rows_of(*table->find(batch_of({{100, "a"}}))).empty());
  must_commit(*checkpoint, *table);
  CHECK(table->size().rows == 3);
  table.reset();
  checkpoint.reset();
  checkpoint = must_open(directory.path());
  table = must_open_table(*checkpoint);
  CHECK(all_of(*table) == std::vector<Row>{{0, "z", 3, 3}, {100, {}, 5, 5}, {100, "b", 10, 15}});
  CHECK(rows_of(*table->range(Micros(0), Micros(100))) == std::vector<Row>{{0, "z", 3, 3}});
}

TEST_CASE("rows before the horizon go, whole buckets and single rows") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  StateTable table = must_open_table(*checkpoint);
  std::vector<Row> rows;
  for (std::int64_t t = -500; t < 500; t += 10) rows.push_back({t, "x", t, 0});
  REQUIRE(table.put(batch_of(rows)));
  must_commit(*checkpoint, table);
  REQUIRE(table.expire(Micros(-45)));
  CHECK(first_of(table) == Micros(-40));
  CHECK(all_of(table).size() == 54);
  table.discard();
  CHECK(all_of(table).size() == 100);
  REQUIRE(table.expire(Micros(-45)));
  must_commit(*checkpoint, table);
  CHECK(table.size().rows == 54);
  REQUIRE(table.expire(the_last));
  must_commit(*checkpoint, table);
  CHECK(table.size().rows == 0);
  CHECK(table.size().bytes == Bytes(0));
  CHECK_FALSE(first_of(table));
  CHECK(all_of(must_open_table(*checkpoint)).empty());
}

TEST_CASE("many changes of the same rows are folded") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  StateTable table = must_open_table(*checkpoint);
  std::vector<Row> rows;
  for (int i = 0; i < 1'000; ++i) rows.push_back({0, "city " + std::to_string(i), 0, 0});
  for (std::int64_t n = 0; n < 100; ++n) {
    std::vector<Row> changed;  // every batch other ones: a block of changes alone is not the whole
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if ((static_cast<std::int64_t>(i) + n) % 3 == 0) continue;
      rows[i].count = n;
      changed.push_back(rows[i]);
    }
    REQUIRE(table.put(batch_of(changed)));
    must_commit(*checkpoint, table);
  }
  CHECK(table.size().bytes.value < 300'000);
  CHECK(table.size().memory.value < 600'000);
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.city < b.city; });
  CHECK(all_of(must_open_table(*checkpoint)) == rows);
}

TEST_CASE("a table of another schema is refused; keys that cannot be keys are, too") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  {
    StateTable table = must_open_table(*checkpoint);
    REQUIRE(table.put(batch_of({{0, "a", 1, 1}})));
    must_commit(*checkpoint, table);
  }
  StateTableOptions other = options_of_table();
  other.schema.add({"more", Type{TypeKind::int32}});
  const auto table = StateTable::open(*checkpoint, other);
  REQUIRE_FALSE(table);
  CHECK(table.error().fault == Fault::config);
  CHECK(table.error().message.find("more int32") != std::string::npos);
  other.id = "10";
  other.schema.add({"tags", list_type(Type{TypeKind::string})});
  CHECK(StateTable::open(*checkpoint, other));
  other.id = "11";
  other.keys = other.schema.size();
  CHECK(StateTable::open(*checkpoint, other).error().fault == Fault::config);
}

TEST_CASE("a block that is lost or changed is noticed") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  std::string block_key, block;
  {
    StateTable table = must_open_table(*checkpoint);
    for (std::int64_t i = 0; i < 3; ++i) {
      REQUIRE(table.put(batch_of({{i, "a", i, 1}})));
      must_commit(*checkpoint, table);
    }
  }
  REQUIRE(checkpoint->scan("state.9", "B", "C", [&](std::string_view key, std::string_view value) -> Status {
    block_key = key;
    block = value;
    return {};
  }));
  const auto with = [&](const std::optional<std::string>& value) {
    StateChanges changes;
    value ? changes.put("state.9", block_key, *value) : changes.erase("state.9", block_key);
    must_run_batch(*checkpoint, changes);
    return StateTable::open(*checkpoint, options_of_table());
  };
  for (std::size_t i = 0; i < block.size(); ++i) {
    std::string changed = block;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto table = with(changed);
    REQUIRE_FALSE(table);
    CHECK(table.error().fault == Fault::config);
    CHECK_FALSE(with(block.substr(0, i)));
  }
  const auto lost = with(std::nullopt);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message.find("the checkpoint is damaged") == 0);
  CHECK(with(block));
}

using Key = std::pair<std::int64_t, std::optional<std::string>>;
using Model = std::map<Key, Row>;

std::vector<Row> all_of(const Model& model) {
  std::vector<Row> rows;
  for (const auto& [key, row] : model) rows.push_back(row);
  return rows;
}

// One batch of random operations on the table and the model alike.
void run_batch(StateTable& table, Model& model, std::mt19937_64& random, std::int64_t now, std::int64_t& horizon) {
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  const auto random_key = [&]() -> Row {
    Row row;
    row.time = std::max(horizon, now + below(600) - 300) / 10 * 10;
    if (row.time < horizon) row.time = horizon;
    if (below(20) != 0)
      row.city = "city " + std::to_string(below(200)) + std::string(static_cast<std::size_t>(below(30)), '.');
    return row;
  };
  for (std::int64_t operations = below(5); operations > 0; --operations) {
    std::vector<Row> rows;
    for (std::int64_t i = below(below(4) == 0 ? 5'000 : 200); i > 0; --i) rows.push_back(random_key());
    switch (below(5)) {
      case 0:
      case 1:
        for (Row& row : rows) {
          if (below(10) != 0) row.count = below(1'000'000);
          row.sum = static_cast<double>(below(1'000)) / 8;
          model[{row.time, row.city}] = row;
        }
        REQUIRE(table.put(batch_of(rows)));
        break;
      case 2:
        for (const Row& row : rows) model.erase({row.time, row.city});
        REQUIRE(table.erase(batch_of(rows)));
        break;
      case 3: {
        std::vector<std::uint8_t> fresh, wanted;
        for (Row& row : rows) {
          row.count = below(1'000'000);
          wanted.push_back(model.emplace(Key{row.time, row.city}, row).second ? 1 : 0);
        }
        REQUIRE(table.insert(batch_of(rows), fresh));
        CHECK(fresh == wanted);
        break;
      }
      default: {
        std::vector<Row> wanted;
        std::map<Key, int> seen;
        for (const Row& row : rows) {
          const auto found = model.find({row.time, row.city});
          if (found != model.end() && seen[found->first]++ == 0) wanted.push_back(found->second);
        }
        const auto found = table.find(batch_of(rows));
        REQUIRE(found);
        CHECK(rows_of(*found) == wanted);
      }
    }
  }
  if (below(2) == 0) {
    horizon = std::max(horizon, now - 450 + below(500));
    std::erase_if(model, [&](const auto& entry) { return entry.first.first < horizon; });
    REQUIRE(table.expire(Micros(horizon)));
  }
}

void run_against_model(unsigned seed, std::int64_t width, std::uint64_t memory_max) {
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  const StateTableOptions options = options_of_table(width, memory_max);
  std::optional<StateTable> table = must_open_table(*checkpoint, options);
  Model committed;
  std::int64_t now = -1'500;
  std::int64_t horizon = -2'000;
  const auto reopen = [&] {
    table.reset();
    checkpoint.reset();
    checkpoint = must_open(directory.path());
    table = must_open_table(*checkpoint, options);
  };
  for (int batch = 0; batch < 60; ++batch, now += static_cast<std::int64_t>(random() % 100)) {
    Model model = committed;
    std::int64_t next = horizon;
    const std::mt19937_64 before = random;
    run_batch(*table, model, random, now, next);
    StateChanges changes;
    REQUIRE(table->pack(changes));
    const std::uint64_t fate = random() % 6;
    if (fate <= 1) {
      fate == 0 ? table->discard() : reopen();  // it failed, or we were killed before the commit: once more
      CHECK(table->size().rows == committed.size());
      CHECK(all_of(*table) == all_of(committed));
      model = committed;
      next = horizon;
      random = before;
      run_batch(*table, model, random, now, next);
      changes = {};
      REQUIRE(table->pack(changes));
    }
    CHECK(all_of(*table) == all_of(model));
    must_run_batch(*checkpoint, changes);
    committed = model;
    horizon = next;
    random() % 4 == 0 ? reopen() : table->merge();
    CHECK(table->size().rows == committed.size());
    CHECK(all_of(*table) == all_of(committed));
    const auto first = first_of(*table);
    CHECK(first == (committed.empty() ? std::nullopt : std::optional(Micros(committed.begin()->first.first))));
  }
}

TEST_CASE("random operations, discards and kills agree with a map") {
  for (unsigned seed = 1; seed <= 2; ++seed) run_against_model(seed, seed % 2 == 0 ? 100 : 10, std::uint64_t{1} << 30);
}

TEST_CASE("nothing is sealed while memory suffices") {
  const TestDirectory directory;
  const auto checkpoint = must_open(directory.path());
  StateTable table = must_open_table(*checkpoint);
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < 20'000; ++i) rows.push_back({i % 5 * 100, "city " + std::to_string(i), i, 1});
  REQUIRE(table.put(batch_of(rows)));
  must_commit(*checkpoint, table);
  REQUIRE(checkpoint->scan("state.9", "F", "G", [&](std::string_view, std::string_view) -> Status {
    FAIL("a sealed part");
    return {};
  }));
  CHECK(table.size().memory.value > 500'000);
}

TEST_CASE("random operations over the memory limit agree with a map") {
  for (unsigned seed = 1; seed <= 2; ++seed) run_against_model(seed, seed % 2 == 0 ? 1'000 : 400, 100'000);
}

TEST_CASE("sealed buckets are used as they lie, changed, sealed again and dropped") {
  const TestDirectory directory;
  auto checkpoint = must_open(directory.path());
  const StateTableOptions options = options_of_table(100, 300'000);
  std::optional<StateTable> table = must_open_table(*checkpoint, options);
  Model model;
  for (std::int64_t n = 0; n < 40; ++n) {
    std::vector<Row> rows;
    for (std::int64_t i = 0; i < 3'000; ++i) {
      const Row row{n % 4 * 100, "city " + std::to_string((i * 7 + n * 1'000) % 20'000), n, 1};
      model[{row.time, row.city}] = row;
      rows.push_back(row);
    }
    REQUIRE(table->put(batch_of(rows)));
    std::vector<Row> erased;  // of this bucket's older parts, too
    for (std::int64_t i = 0; i < 500; ++i)
      erased.push_back({n % 4 * 100, "city " + std::to_string((i * 31 + n) % 20'000)});
    for (const Row& row : erased) model.erase({row.time, row.city});
    REQUIRE(table->erase(batch_of(erased)));
    must_commit(*checkpoint, *table);
    CHECK(rows_of(*table->find(batch_of(erased))).empty());
    CHECK(table->size().memory.value < 900'000);
    CHECK(table->size().rows == model.size());
    if (n % 13 == 0) {
      table.reset();
      table = must_open_table(*checkpoint, options);
    }
  }
  CHECK(all_of(*table) == all_of(model));

  // Erased rows go on hiding sealed ones when the blocks over them are folded.
  table.reset();
  table = must_open_table(*checkpoint, options_of_table(100));  // with memory enough, so that nothing more is sealed
  std::vector<Row> hidden;
  for (std::int64_t i = 0; i < 300; ++i) hidden.push_back({0, "city " + std::to_string(i)});
  for (const Row& row : hidden) model.erase({row.time, row.city});
  REQUIRE(table->erase(batch_of(hidden)));
  for (std::int64_t n = 0; n < 150; ++n) {
    const Row filler{0, std::string(8'000, 'a'), n, 2};
    model[{filler.time, filler.city}] = filler;
    REQUIRE(table->put(batch_of({filler})));
    must_commit(*checkpoint, *table);
  }
  table.reset();
  table = must_open_table(*checkpoint, options);
  CHECK(table->size().rows == model.size());
  CHECK(all_of(*table) == all_of(model));
  REQUIRE(table->erase(batch_of(all_of(model))));
  CHECK(table->size().rows == 0);
  CHECK(all_of(*table).empty());
  table->discard();
  CHECK(all_of(*table) == all_of(model));
  REQUIRE(table->expire(Micros(400)));
  must_commit(*checkpoint, *table);
  CHECK(table->size().rows == 0);
  CHECK(table->size().bytes == Bytes(0));
  int left = 0;
  REQUIRE(checkpoint->scan("state.9", "A", "G", [&](std::string_view, std::string_view) -> Status {
    ++left;
    return {};
  }));
  REQUIRE(checkpoint->scan("state.9", "P", "Q", [&](std::string_view, std::string_view) -> Status {
    ++left;
    return {};
  }));
  CHECK(left == 0);
}

}  // namespace
}  // namespace weir
