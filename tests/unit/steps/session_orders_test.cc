// All 40,320 orders of eight events of sessions, over the real step. Each order is a key of its own, so one run plays them
// all; the batches cut every order at the same places.

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "sql/rows.h"
#include "steps/session_aggregate.h"
#include "steps/stateful_worker.h"

namespace weir {
namespace {

// Seconds. The gap is 10: three sessions, one of them a chain that late comers bridge, one before 1970.
constexpr std::array<std::int64_t, 8> events = {-30, -22, 0, 9, 18, 27, 36, 60};
constexpr std::int64_t second = 1'000'000;
constexpr std::size_t orders = 40'320;

struct Session3 {
  std::int64_t start = 0, end = 0, n = 0, sum = 0, distinct = 0;
  auto operator<=>(const Session3&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Session3& s) {
  return out << "[" << s.start << ", " << s.end << ") n " << s.n << " sum " << s.sum << " distinct " << s.distinct;
}

// Worked out by hand: the value of event i is 1 << i, its kind i / 2.
const std::set<Session3> wanted = {{-30, -12, 2, 3, 1}, {0, 46, 5, 124, 3}, {60, 70, 1, 128, 1}};

class Orders {
 public:
  Orders() {
    std::array<std::uint8_t, 8> order{};
    std::iota(order.begin(), order.end(), std::uint8_t{0});
    do all_.push_back(order);
    while (std::next_permutation(order.begin(), order.end()));
    REQUIRE(all_.size() == orders);
  }
  // Events [from, to) of each order, the orders side by side.
  Batch batch(std::size_t from, std::size_t to) const {
    std::vector<std::shared_ptr<const Chunk>> chunks;
    std::optional<Chunk> chunk;
    std::size_t rows = 0;
    std::uint64_t ordinal = 0;
    const auto flush = [&] {
      if (rows == 0) return;
      duckdb_data_chunk_set_size(chunk->get(), rows);
      chunks.push_back(std::make_shared<const Chunk>(std::move(*chunk)));
      chunk.reset();
      rows = 0;
    };
    for (std::size_t i = from; i < to; ++i) {
      for (std::size_t key = 0; key < all_.size(); ++key) {
        if (!chunk) chunk.emplace(make_chunk(*schema_));
        const std::size_t event = all_[key][i];
        const auto set = [&](std::size_t column, std::int64_t value) {
          static_cast<std::int64_t*>(duckdb_vector_get_data(chunk->column(column)))[rows] = value;
        };
        set(0, static_cast<std::int64_t>(key));
        set(1, events[event] * second);
        set(2, std::int64_t{1} << event);
        set(3, static_cast<std::int64_t>(event / 2));
        set(4, static_cast<std::int64_t>(ordinal++));
        if (++rows == duckdb_vector_size()) flush();
      }
    }
    flush();
    return Batch(schema_, std::move(chunks));
  }
  const Schema& schema() const { return *schema_; }

 private:
  std::vector<std::array<std::uint8_t, 8>> all_;
  std::shared_ptr<const Schema> schema_ = std::make_shared<const Schema>(Schema({{"k", Type{TypeKind::int64}},
                                                                                 {"t", Type{TypeKind::timestamp}},
                                                                                 {"v", Type{TypeKind::int64}},
                                                                                 {"kind", Type{TypeKind::int64}},
                                                                                 {"_src", Type{TypeKind::uint64}}}));
};

// What a keeper of rows by key and window_start has after these rows.
class Keeper {
 public:
  void apply(const Batch& rows, bool changes) {
    for (const auto& chunk : rows.chunks()) {
      const auto at = [&](std::size_t column, std::size_t row) {
        return static_cast<const std::int64_t*>(duckdb_vector_get_data(chunk->column(column)))[row];
      };
      for (std::size_t row = 0; row < chunk->rows(); ++row) {
        const Session3 session{at(0, row) / second, at(1, row) / second, at(3, row), at(4, row), at(5, row)};
        auto& kept = sessions_[at(2, row)];
        const auto* const ops =
            changes ? static_cast<const std::uint8_t*>(duckdb_vector_get_data(chunk->column(7))) : nullptr;
        if (ops != nullptr && ops[row] == static_cast<std::uint8_t>(Operation::remove)) {
          const auto found = kept.find(session.start);
          REQUIRE(found != kept.end());
          REQUIRE(found->second == session);  // as it was given last
          kept.erase(found);
        } else {
          if (!changes) REQUIRE(!kept.contains(session.start));
          kept[session.start] = session;
        }
      }
    }
  }
  void check() const {
    REQUIRE(sessions_.size() == orders);
    for (const auto& [key, kept] : sessions_) {
      std::set<Session3> sessions;
      for (const auto& [start, session] : kept) sessions.insert(session);
      if (sessions != wanted) CHECK(sessions == wanted);
    }
  }

 private:
  std::map<std::int64_t, std::map<std::int64_t, Session3>> sessions_;
};

void play(EmitMode mode, std::vector<std::size_t> cuts) {
  const Orders all;
  const auto compute = test::open_session();
  const auto careful = test::open_session(SessionKind::careful);
  AggregateOptions options;
  options.name = "sessions";
  options.time = "t";
  options.window.emplace().session = std::chrono::seconds(10);
  options.by = {{"k", "k"}};
  options.select = {{"n", "count(*)"}, {"s", "CAST(sum(v) AS BIGINT)"}, {"d", "count(DISTINCT kind)"}};
  options.mode = mode;
  test::StatefulWorker worker([&] {
    auto step = SessionAggregate::make(options, all.schema(), compute, careful);
    if (!step) FAIL(step.error().text());
    return std::unique_ptr<StatefulStep>(std::move(*step));
  });
  Keeper keeper;
  std::size_t from = 0;
  cuts.push_back(events.size());
  for (const std::size_t to : cuts) {
    const StepOutput out = worker.run(all.batch(from, to), {});
    CHECK(out.rejected.empty());
    keeper.apply(out.rows, mode == EmitMode::update);
    if (to == 3) worker.restart();
    from = to;
  }
  const StepOutput out = worker.run(all.batch(8, 8), {std::nullopt, Micros(70 * second)});
  keeper.apply(out.rows, mode == EmitMode::update);
  keeper.check();
  CHECK(worker.step().size().rows == 0);
  CHECK(worker.step().size().bytes == Bytes(0));
}

TEST_CASE("all orders of eight events give the same sessions, an event a batch") {
  play(EmitMode::append, {1, 2, 3, 4, 5, 6, 7});
}
TEST_CASE("all orders of eight events leave the same sessions with a keeper of updates and removals") {
  play(EmitMode::update, {1, 2, 3, 4, 5, 6, 7});
}
TEST_CASE("all orders of eight events give the same sessions at other cuts") {
  for (const std::size_t cut : {std::size_t{3}, std::size_t{4}}) play(EmitMode::append, {cut});
  play(EmitMode::update, {3, 5});
}

}  // namespace
}  // namespace weir
