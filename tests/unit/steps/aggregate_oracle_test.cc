// Holds the aggregate step against a model in plain C++ that takes rows one by one, over generated rows, cuts into batches,
// watermarks, restarts, failed batches and memory limits.

#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "sql/rows.h"
#include "steps/aggregate.h"
#include "steps/stateful_worker.h"

namespace weir {
namespace {

using Lines = std::vector<std::string>;
template <class T>
using Maybe = std::optional<T>;
using std::chrono::microseconds;

constexpr std::int64_t second = 1'000'000;

struct Row {
  std::int64_t time = 0;
  Maybe<std::string> key;
  Maybe<double> part;  // second key
  Maybe<std::int64_t> amount;
  Maybe<std::int64_t> cents;  // decimal(12,2)
  double score = 0;           // of eighths, so that every sum is exact
  Maybe<std::string> tag;
  Maybe<bool> ok;
  std::string code = "1";  // a number, or the row cannot be computed
};

const std::vector<std::pair<std::string, std::string>> select_columns_of_test{
    {"n", "count(*)"},
    {"n_ok", "count(*) FILTER (WHERE ok)"},
    {"total", "sum(amount)"},
    {"money", "sum(cents)"},
    {"mean", "avg(amount)"},
    {"per_mille", "1000 * count(*) FILTER (WHERE ok) // count(*)"},
    {"large", "sum(CASE WHEN amount > 50 THEN 1 ELSE 0 END)"},
    {"first_tag", "min(tag)"},
    {"last_tag", "max(tag) FILTER (WHERE amount IS NOT NULL)"},
    {"least", "min(cents)"},
    {"last_at", "max(seen)"},
    {"tags", "count(DISTINCT tag)"},
    {"tags_ok", "count(DISTINCT tag) FILTER (WHERE ok) + 0"},
    {"score", "sum(score)"},
    {"all_ok", "bool_and(ok)"},
    {"codes", "sum(CAST(code AS INTEGER))"},
};

// What the model knows of one group.
struct Group {
  std::int64_t n = 0, n_ok = 0, amounts = 0, total = 0, money = 0, cents = 0, large = 0, last_at = INT64_MIN;
  Maybe<std::int64_t> least;
  Maybe<std::string> first_tag, last_tag;
  std::set<std::string> tags, tags_ok;
  double score = 0;
  Maybe<bool> all_ok;
  std::int64_t codes = 0;

  void add(const Row& row) {
    const bool ok = row.ok.value_or(false);
    ++n;
    n_ok += ok;
    if (row.amount) {
      ++amounts;
      total += *row.amount;
      large += *row.amount > 50;
    }
    if (row.cents) {
      ++cents;
      money += *row.cents;
      least = std::min(least.value_or(INT64_MAX), *row.cents);
    }
    if (row.tag) {
      if (!first_tag || *row.tag < *first_tag) first_tag = row.tag;
      if (row.amount && (!last_tag || *row.tag > *last_tag)) last_tag = row.tag;
      tags.insert(*row.tag);
      if (ok) tags_ok.insert(*row.tag);
    }
    last_at = std::max(last_at, row.time);
    score += row.score;
    if (row.ok) all_ok = all_ok.value_or(true) && *row.ok;
    codes += std::stoi(row.code);
  }
};

std::string decimal(std::int64_t cents) {
  return fmt::format("{}{}.{:02}", cents < 0 ? "-" : "", std::abs(cents) / 100, std::abs(cents) % 100);
}

// Nulls first, NaN last, as the step promises.
struct GroupKey {
  std::int64_t start = 0;
  Maybe<std::string> key;
  Maybe<double> part;
  bool operator<(const GroupKey& other) const {
    if (start != other.start) return start < other.start;
    if (key != other.key) return key < other.key;
    if (!part || !other.part) return !part && other.part;
    if (std::isnan(*part) || std::isnan(*other.part)) return !std::isnan(*part);
    return *part < *other.part;
  }
};
using Groups = std::map<GroupKey, Group>;

std::string line_of(const GroupKey& key, const Group& group, std::int64_t length) {
  const auto text = [](const auto& value) { return value ? fmt::format("{}", *value) : std::string("-"); };
  const std::string part = !key.part               ? "-"
                           : std::isnan(*key.part) ? "nan"
                                                   : fmt::format("{:.1f}", *key.part == 0 ? 0.0 : *key.part);
  std::string out = fmt::format("{}|{}|{}|{}|", key.start, key.start + length, text(key.key), part);
  out += fmt::format("{}|{}|{}|{}|", group.n, group.n_ok, group.amounts > 0 ? std::to_string(group.total) : "-",
                     group.cents > 0 ? decimal(group.money) : "-");
  out += group.amounts > 0
             ? fmt::format("{:.6f}", static_cast<double>(group.total) / static_cast<double>(group.amounts))
             : "-";
  out += fmt::format("|{}|{}|{}|{}|{}|", 1000 * group.n_ok / group.n, group.large, text(group.first_tag),
                     text(group.last_tag), group.least ? decimal(*group.least) : "-");
  return out + fmt::format("{}|{}|{}|{:.6f}|{}|{}", group.last_at, group.tags.size(), group.tags_ok.size(), group.score,
                           text(group.all_ok), group.codes);
}

// The model: each batch gives rows, takes the late ones out, and closes windows.
struct Model {
  std::int64_t length = 0, offset = 0;
  bool updates = false;
  Groups groups = {};
  std::uint64_t late = 0;
  std::uint64_t wrong = 0;  // cannot be computed

  std::int64_t start_of(std::int64_t time) const {
    std::int64_t start = offset;
    start += (time - offset) / length * length;
    while (start > time) start -= length;
    return start;
  }
  Lines batch(const std::vector<Row>& rows, Maybe<std::int64_t> late_at, Maybe<std::int64_t> watermark) {
    std::set<GroupKey> changed;
    for (const Row& row : rows) {
      const GroupKey key{start_of(row.time), row.key, row.part};
      if (late_at && key.start + length <= *late_at) {
        ++late;
        continue;
      }
      if (row.code.find_first_not_of("0123456789-") != std::string::npos) {
        ++wrong;
        continue;
      }
      groups[key].add(row);
      changed.insert(key);
    }
    Lines out;
    if (updates)
      for (const GroupKey& key : changed) out.push_back(line_of(key, groups.at(key), length) + "|1");
    while (watermark && !groups.empty() && groups.begin()->first.start + length <= *watermark) {
      if (!updates) out.push_back(line_of(groups.begin()->first, groups.begin()->second, length));
      groups.erase(groups.begin());
    }
    return out;
  }
};

template <class T>
void set_value(const Chunk& chunk, std::size_t column, std::size_t row, const Maybe<T>& value) {
  duckdb_vector vector = chunk.column(column);
  if (!value) {
    duckdb_vector_ensure_validity_writable(vector);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(vector), row);
  } else if constexpr (std::is_same_v<T, std::string>) {
    duckdb_vector_assign_string_element_len(vector, row, value->data(), value->size());
  } else {
    static_cast<T*>(duckdb_vector_get_data(vector))[row] = *value;
  }
}

struct Fixture {
  std::shared_ptr<Session> compute = test::open_session();
  std::shared_ptr<Session> careful = test::open_session(SessionKind::careful);
  const Schema schema{{{"seen", Type{TypeKind::timestamp}, true},
                       {"key", Type{TypeKind::string}, true},
                       {"part", Type{TypeKind::float64}, true},
                       {"amount", Type{TypeKind::int64}, true},
                       {"cents", decimal_type(12, 2), true},
                       {"score", Type{TypeKind::float64}, true},
                       {"tag", Type{TypeKind::string}, true},
                       {"ok", Type{TypeKind::boolean}, true},
                       {"code", Type{TypeKind::string}, true},
                       {"_src", Type{TypeKind::uint64}, true}}};

  Batch batch_of(const std::vector<Row>& rows) const {
    std::vector<std::shared_ptr<const Chunk>> chunks;
    for (std::size_t begin = 0; begin < rows.size(); begin += duckdb_vector_size()) {
      Chunk chunk = make_chunk(schema);
      const std::size_t count = std::min<std::size_t>(duckdb_vector_size(), rows.size() - begin);
      for (std::size_t i = 0; i < count; ++i) {
        const Row& row = rows[begin + i];
        set_value(chunk, 0, i, Maybe<std::int64_t>(row.time));
        set_value(chunk, 1, i, row.key);
        set_value(chunk, 2, i, row.part);
        set_value(chunk, 3, i, row.amount);
        set_value(chunk, 4, i, row.cents);
        set_value(chunk, 5, i, Maybe<double>(row.score));
        set_value(chunk, 6, i, row.tag);
        set_value(chunk, 7, i, row.ok);
        set_value(chunk, 8, i, Maybe<std::string>(row.code));
        set_value(chunk, 9, i, Maybe<std::uint64_t>(begin + i));
      }
      duckdb_data_chunk_set_size(chunk.get(), count);
      chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
    }
    return Batch(std::make_shared<const Schema>(schema), std::move(chunks));
  }

  Lines lines(const Batch& rows) {
    std::string list;
    for (const Column& column : rows.schema().columns()) {
      if (column.name == src_column) continue;
      const std::string name = quote_identifier(column.name);
      std::string text = name + "::VARCHAR";
      if (column.type.kind == TypeKind::timestamp) text = "epoch_us(" + name + ")::VARCHAR";
      if (column.name == "mean" || column.name == "score") text = "printf('%.6f', " + name + ")";
      list += (list.empty() ? "coalesce(" : ", coalesce(") + text + ", '-')";
    }
    auto query = compute->prepare("SELECT concat_ws('|', " + list + ") AS line FROM input", {{"input", rows.schema()}});
    if (!query) FAIL(query.error().text());
    return test::lines(*compute, *query->run(rows));
  }

  test::StatefulWorker::Make maker(std::int64_t length, std::int64_t offset, bool updates, std::uint64_t memory) {
    AggregateOptions options;
    options.name = "totals";
    options.time = "seen";
    options.window.emplace();
    options.window->tumbling = microseconds(length);
    options.window->offset = microseconds(offset);
    options.by = {{"k", "key"}, {"part", "part + 0"}};
    options.select = select_columns_of_test;
    options.mode = updates ? EmitMode::update : EmitMode::append;
    options.memory = Bytes(memory);
    return [this, options] {
      auto step = Aggregate::make(options, schema, compute, careful);
      if (!step) FAIL(step.error().text());
      return std::unique_ptr<StatefulStep>(std::move(*step));
    };
  }
};

template <class T>
Maybe<T> unless(bool null, T value) {
  return null ? std::nullopt : Maybe<T>(std::move(value));
}

std::vector<Row> generate(std::mt19937_64& random, std::size_t count, std::int64_t from, std::int64_t keys,
                          std::int64_t back, std::int64_t wrong_one_in = 0) {
  constexpr double parts[] = {0.0, -0.0, 1.5, -2.0, NAN, -NAN};
  std::vector<Row> rows;
  std::int64_t now = from;
  const auto number = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
  };
  for (std::size_t i = 0; i < count; ++i) {
    now += number(second / 10);
    Row row;
    row.time = now - number(back);
    const std::int64_t key = number(keys);
    row.key = unless(key == 0, "key " + std::to_string(key));
    row.part = unless(number(8) == 0, parts[number(keys > 1000 ? 3 : 6)]);
    if (row.part == 0.0) row.part = random() % 2 == 0 ? 0.0 : -0.0;  // one key
    row.amount = unless(number(5) == 0, number(200) - 100);
    row.cents = unless(number(5) == 0, number(200'000) - 100'000);
    row.score = static_cast<double>(number(1000) - 500) / 8;
    row.tag = unless(number(4) == 0, "tag" + std::to_string(number(30)));
    row.ok = unless(number(6) == 0, number(2) == 0);
    row.code = wrong_one_in > 0 && number(wrong_one_in) == 0 ? "none" : std::to_string(number(100) - 50);
    rows.push_back(std::move(row));
  }
  return rows;
}

// The first line that differs, for a message that can be read.
std::string difference(const Lines& got, const Lines& want) {
  for (std::size_t i = 0; i < std::max(got.size(), want.size()); ++i) {
    const std::string a = i < got.size() ? got[i] : "nothing", b = i < want.size() ? want[i] : "nothing";
    if (a != b) return fmt::format("line {} of {}: got {}, want {}", i, want.size(), a, b);
  }
  return "";
}

}  // namespace

TEST_CASE_METHOD(Fixture, "windows give the model's rows over any cut, with late rows, restarts and failed batches") {
  std::uint64_t late_rows = 0, wrong_rows = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const bool updates = seed % 3 == 0;
    const std::int64_t length = std::vector<std::int64_t>{10 * second, 7 * second, second / 5}[seed % 3];
    const std::int64_t offset = seed % 2 == 0 ? 0 : 3 * second + 17;
    const std::uint64_t memory = seed % 4 == 0 ? 1 : std::uint64_t{1} << 30;
    const std::vector<Row> rows = generate(random, 1800, -90 * second, 1 + static_cast<std::int64_t>(random() % 20),
                                           4 * second, seed % 4 < 2 ? 200 : 0);
    const std::int64_t delay = seed % 2 == 0 ? 4 * second : second / 2;  // of the latter some are late
    test::StatefulWorker worker(maker(length, offset, updates, memory));
    Model model{length, offset, updates};
    Maybe<Micros> before;
    std::int64_t highest = INT64_MIN;
    for (std::size_t at = 0; at < rows.size();) {
      const std::size_t most = seed % 5 == 0 ? 3000 : seed % 2 == 0 ? 300 : 80;
      const std::size_t count = random() % 5 == 0 ? 0 : std::min<std::size_t>(1 + random() % most, rows.size() - at);
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(at);
      const std::vector<Row> batch(first, first + static_cast<std::ptrdiff_t>(count));
      Maybe<Micros> watermark = before;
      if (highest != INT64_MIN) watermark = Micros(highest - delay);
      const StepTime time{before, watermark};
      if (random() % 4 == 0) worker.run_and_discard(batch_of(batch), time);
      const std::uint64_t rejected_before = model.late + model.wrong;
      const Lines want = model.batch(batch, before ? Maybe<std::int64_t>(before->value) : std::nullopt,
                                     watermark ? Maybe<std::int64_t>(watermark->value) : std::nullopt);
      const bool due = watermark && worker.step().due(*watermark);
      const StepOutput out = worker.run(batch_of(batch), time);
      REQUIRE(difference(lines(out.rows), want) == "");
      if (count == 0 && !updates) REQUIRE(due == !want.empty());
      REQUIRE(out.rejected.size() == model.late + model.wrong - rejected_before);
      const StepBooks& books = out.books.at(0);
      REQUIRE(books.taken == books.held + out.rejected.size());
      REQUIRE(books.given == want.size());
      REQUIRE(books.released == want.size());
      for (const Row& row : batch) highest = std::max(highest, row.time);
      before = watermark;
      at += count;
      if (random() % 6 == 0) worker.restart();
    }
    const Lines rest = model.batch({}, before->value, highest + length);
    const StepOutput last = worker.run(batch_of({}), {before, Micros(highest + length)});
    CHECK(difference(lines(last.rows), rest) == "");
    CHECK(worker.step().size().rows == 0);
    CHECK(model.groups.empty());
    late_rows += model.late;
    wrong_rows += model.wrong;
  }
  CHECK(late_rows > 50);
  CHECK(wrong_rows > 20);
}

TEST_CASE_METHOD(Fixture, "a small bound of memory gives the rows of a large one") {
  std::mt19937_64 random(77);
  const std::vector<Row> rows = generate(random, 40'000, 0, 5'000, 3600 * second);
  test::StatefulWorker small(maker(600 * second, 0, false, 1 << 20)), large(maker(600 * second, 0, false, 1 << 30));
  Maybe<Micros> before;
  std::uint64_t given = 0;
  for (std::size_t at = 0; at < rows.size(); at += 4'000) {
    const std::vector<Row> batch(rows.begin() + static_cast<std::ptrdiff_t>(at),
                                 rows.begin() + static_cast<std::ptrdiff_t>(at + 4'000));
    const Micros watermark(batch.front().time - 3600 * second);
    const StepTime time{before, before ? std::max(*before, watermark) : watermark};
    const StepOutput a = small.run(batch_of(batch), time), b = large.run(batch_of(batch), time);
    REQUIRE(a.rejected.empty());
    REQUIRE(difference(lines(a.rows), lines(b.rows)) == "");
    given += a.rows.rows();
    before = time.watermark;
    if (at % 12'000 == 0) small.restart();
  }
  CHECK(small.step().size().rows == large.step().size().rows);
  CHECK(small.step().size().memory.value * 2 < large.step().size().memory.value);
  const StepTime end{before, Micros(INT64_MAX)};
  const StepOutput a = small.run(batch_of({}), end), b = large.run(batch_of({}), end);
  CHECK(difference(lines(a.rows), lines(b.rows)) == "");
  CHECK(given + a.rows.rows() > 20'000);
  CHECK(small.step().size().rows == 0);
}

// Sums of doubles depend on their order, which is the plan's.
TEST_CASE_METHOD(Fixture, "the same batches give the same bits, restored after each one or not") {
  std::mt19937_64 random(5);
  std::vector<Row> rows = generate(random, 3000, 0, 10, 4 * second);
  for (Row& row : rows)
    row.score = std::ldexp(static_cast<double>(random() % 1'000'000) - 3e5, static_cast<int>(random() % 60) - 30);
  test::StatefulWorker straight(maker(30 * second, 0, false, 1 << 30)), restored(maker(30 * second, 0, false, 1 << 30));
  Maybe<Micros> before;
  std::size_t given = 0;
  for (std::size_t at = 0; at < rows.size(); at += 250) {
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(at);
    const std::vector<Row> batch(first, first + 250);
    const Micros watermark(batch.front().time - 4 * second);
    const StepTime time{before, before ? std::max(*before, watermark) : watermark};
    const StepOutput a = straight.run(batch_of(batch), time), b = restored.run(batch_of(batch), time);
    REQUIRE(a.rows.rows() == b.rows.rows());
    const std::size_t score = a.rows.schema().find("score").value();
    for (std::size_t c = 0; c < a.rows.chunks().size(); ++c)
      REQUIRE(std::memcmp(duckdb_vector_get_data(a.rows.chunks()[c]->column(score)),
                          duckdb_vector_get_data(b.rows.chunks()[c]->column(score)),
                          a.rows.chunks()[c]->rows() * sizeof(double)) == 0);
    given += a.rows.rows();
    before = time.watermark;
    restored.restart();
  }
  CHECK(given > 100);
}

}  // namespace weir
