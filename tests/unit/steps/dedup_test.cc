#include "steps/dedup.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "base/uuid.h"
#include "steps/stateful_worker.h"

namespace weir {
namespace {

using std::chrono::microseconds;

struct Row {
  std::int64_t key;
  std::int64_t time;
};

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("weir dedup " + mint_uuid());
  ~Folder() { std::filesystem::remove_all(path); }
};

Schema row_schema() {
  return Schema({{"k", {TypeKind::int64}}, {"t", {TypeKind::timestamp}}, {"_src", {TypeKind::uint64}}});
}

// `_src` is the row's place in the whole input.
Batch make_batch(const std::vector<Row>& rows, std::uint64_t first) {
  const auto schema = std::make_shared<Schema>(row_schema());
  Chunk chunk = make_chunk(*schema);
  REQUIRE(rows.size() <= duckdb_vector_size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(0)))[i] = rows[i].key;
    static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(1)))[i] = rows[i].time;
    static_cast<std::uint64_t*>(duckdb_vector_get_data(chunk.column(2)))[i] = first + i;
  }
  duckdb_data_chunk_set_size(chunk.get(), rows.size());
  return Batch(schema, {std::make_shared<const Chunk>(std::move(chunk))});
}

DedupOptions options(std::int64_t within, std::uint64_t memory = std::uint64_t{1} << 30) {
  DedupOptions out;
  out.name = "once";
  out.key = {"k"};
  out.time = "t";
  out.within = microseconds(within);
  out.memory = Bytes(memory);
  return out;
}

// A worker that can be stopped and started on one checkpoint.
class Worker {
 public:
  explicit Worker(const DedupOptions& options) : options_(options) { start(); }

  void restart() {
    step_.reset();
    checkpoint_.reset();
    start();
  }

  StepOutput run(const std::vector<Row>& rows, std::uint64_t first, const StepTime& time) {
    Plan plan;
    plan.number = checkpoint_->next_number();
    plan.spec_hash = "s";
    REQUIRE(checkpoint_->write_plan(plan, "spec"));
    auto out = step_->advance(make_batch(rows, first), time);
    REQUIRE(out);
    StateChanges changes;
    REQUIRE(step_->pack(changes));
    Commit commit;
    commit.number = plan.number;
    commit.plan_hash = plan.hash();
    commit.epoch = checkpoint_->epoch();
    REQUIRE(checkpoint_->commit(commit, changes));
    step_->merge();
    return std::move(*out);
  }
  Dedup& step() { return *step_; }

 private:
  void start() {
    auto checkpoint = Checkpoint::open(folder_.path, {"test", Micros(0)});
    REQUIRE(checkpoint);
    checkpoint_ = std::move(*checkpoint);
    auto step = Dedup::make(options_, row_schema());
    REQUIRE(step);
    step_ = std::move(*step);
    REQUIRE(step_->open(*checkpoint_));
  }

  Folder folder_;
  DedupOptions options_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<Dedup> step_;
};

TEST_CASE("the first row of a key passes, what is within reach of it is dropped") {
  Worker worker(options(100));
  const StepOutput out = worker.run({{1, 1000}, {1, 1100}, {2, 1000}, {1, 1101}}, 0, {});
  CHECK(out.rows.src() == std::vector<std::uint64_t>{0, 2, 3});
  CHECK(out.dropped[0].rows == 1);
  CHECK(out.books[0].taken == 4);
  CHECK(out.books[0].given == 3);
}

TEST_CASE("late rows are dead letters and are remembered nowhere") {
  Worker worker(options(100));
  const StepOutput out = worker.run({{1, 500}, {2, 501}}, 0, {Micros(500), Micros(500)});
  REQUIRE(out.rejected.size() == 1);
  CHECK(out.rejected[0].code == Code::late_record);
  CHECK(out.rejected[0].src == 0);
  CHECK(out.rows.src() == std::vector<std::uint64_t>{1});
}

TEST_CASE("after the watermark has passed all keys nothing is held") {
  Worker worker(options(100));
  worker.run({{1, 1000}, {2, 2000}}, 0, {});
  CHECK(worker.step().size().rows == 2);
  CHECK_FALSE(worker.step().due(Micros(1100)));
  CHECK(worker.step().due(Micros(3'000'000'000'000)));
  worker.run({}, 2, {Micros(0), Micros(3'000'000'000'000)});
  CHECK(worker.step().size().rows == 0);
}

TEST_CASE("duplicates at the edges of hours, both ways in time, before 1970, in memory and on disk") {
  constexpr std::int64_t hour = 3'600'000'000;  // the width of a bucket
  constexpr std::int64_t within = 24 * hour;
  std::vector<Row> kept, later;
  std::vector<std::uint64_t> pass;
  for (const std::int64_t edge : {-48 * hour, -hour, std::int64_t{0}, hour, 490'896 * hour})
    for (const std::int64_t from : {-1, 0, 1})
      for (const std::int64_t apart : {-within - 1, -within, 1 - within, -hour, std::int64_t{-1}, std::int64_t{0},
                                       std::int64_t{1}, hour, within - 1, within, within + 1}) {
        const auto key = static_cast<std::int64_t>(kept.size());
        kept.push_back({key, edge + from});
        later.push_back({key, edge + from + apart});
        if (std::abs(apart) > within) pass.push_back(kept.size() - 1);
      }
  for (const std::uint64_t memory : {std::uint64_t{1}, std::uint64_t{1} << 30}) {
    Worker worker(options(within, memory));
    CHECK(worker.run(kept, 0, {}).rows.rows() == kept.size());
    CHECK(worker.step().size().rows == kept.size());
    worker.restart();
    CHECK(worker.run(later, 0, {}).rows.src() == pass);
    worker.restart();
    CHECK(worker.run(kept, 0, {}).rows.empty());
  }
}

// The rows that pass, by a model that knows nothing of batches, buckets or checkpoints. A key's kept time is that of
// the last row that passed.
std::vector<std::uint64_t> model(const std::vector<Row>& rows, std::int64_t within) {
  std::map<std::int64_t, std::int64_t> kept;
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = 0; i < rows.size(); ++i) {
    const auto found = kept.find(rows[i].key);
    if (found != kept.end() && std::abs(found->second - rows[i].time) <= within) continue;
    kept[rows[i].key] = rows[i].time;
    out.push_back(i);
  }
  return out;
}

TEST_CASE("any cut into batches, restarts and spills give the model's rows where none is late") {
  constexpr std::int64_t second = 1'000'000;
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    std::mt19937_64 random(seed);
    std::vector<Row> rows;
    std::int64_t now = -50 * second;  // crosses 1970
    for (int i = 0; i < 3000; ++i) {
      now += static_cast<std::int64_t>(random() % (second / 2));
      rows.push_back(
          {static_cast<std::int64_t>(random() % 400), now - static_cast<std::int64_t>(random() % (5 * second))});
    }
    const std::int64_t within = 60 * second;
    Worker worker(options(within, seed % 2 == 0 ? 1 : std::uint64_t{1} << 30));
    std::vector<std::uint64_t> got;
    std::optional<Micros> before;
    std::int64_t highest = INT64_MIN;
    for (std::size_t at = 0; at < rows.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random() % 300, rows.size() - at);
      const std::vector<Row> batch(rows.begin() + static_cast<std::ptrdiff_t>(at),
                                   rows.begin() + static_cast<std::ptrdiff_t>(at + count));
      std::optional<Micros> watermark = before;
      if (highest != INT64_MIN) watermark = Micros(highest - 6 * second);
      const StepOutput out = worker.run(batch, at, {before, watermark});
      REQUIRE(out.rejected.empty());
      const auto src = out.rows.src();
      got.insert(got.end(), src.begin(), src.end());
      for (const Row& row : batch) highest = std::max(highest, row.time);
      before = watermark;
      at += count;
      if (random() % 3 == 0) worker.restart();
    }
    INFO("seed " << seed);
    CHECK(got == model(rows, within));
  }
}

TEST_CASE("a key of several columns, and what cannot be a key") {
  DedupOptions two = options(1);
  two.key = {"k", "t"};
  CHECK(Dedup::make(two, row_schema()));
  two.key = {"k", "nothing"};
  CHECK(Dedup::make(two, row_schema()).error().message.find("there is no column 'nothing'") == 0);
  two.key = {"k"};
  two.time = "k";
  CHECK(Dedup::make(two, row_schema()).error().message.find("needs the event time 'k' as a timestamp") == 0);
}

TEST_CASE("keys that were kept under another rule are refused, with the field and the ways out") {
  const auto make = [](DedupOptions options) {
    return [options] { return std::unique_ptr<StatefulStep>(std::move(*Dedup::make(options, row_schema()))); };
  };
  test::StatefulWorker worker(make(options(100)));
  worker.run(make_batch({{1, 1000}, {1, 1050}}, 0), {});
  DedupOptions other = options(100);
  other.key = {"k", "t"};
  const Status key = worker.reopen_as(make(other));
  REQUIRE(!key);
  CHECK(key.error().text() ==
        "steps.once.dedup.key: the state in the checkpoint was made with another key: undo the change, give the step a "
        "new name, or set `state: reset` for it: it was k int64, now it is k int64, t timestamp");
  const Status longer = worker.reopen_as(make(options(101)));
  REQUIRE(!longer);
  CHECK(longer.error().place == "steps.once.dedup.within");
  CHECK(longer.error().message.find("it was 100us, now it is 101us") != std::string::npos);
  REQUIRE(worker.reopen_as(make(options(10))));
  CHECK(worker.run(make_batch({{1, 1010}, {1, 1011}, {1, 1021}}, 2), {}).rows.src() == std::vector<std::uint64_t>{3});
  REQUIRE(!worker.reopen_as(make(options(100))));
}

}  // namespace
}  // namespace weir
