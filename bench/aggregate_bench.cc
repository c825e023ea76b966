// CPU time (this thread's) of an aggregate step over batches, a row, beside a bare GROUP BY of DuckDB over the same rows,
// whose window is a column already. Time of events goes on, so that windows open and close.
//   weir_bench_aggregate DIRECTORY [GROUPS] [BATCHES] [ROWS]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <duckdb.h>
#include <time.h>

#include "base/clock.h"
#include "state/checkpoint.h"
#include "steps/aggregate.h"

namespace weir {
namespace {

constexpr std::int64_t minute = 60'000'000;
constexpr std::int64_t batches_a_window = 5;

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

Schema payments() {
  return Schema({{"window", Type{TypeKind::timestamp}},
                 {"at", Type{TypeKind::timestamp}},
                 {"merchant", Type{TypeKind::string}},
                 {"currency", Type{TypeKind::string}},
                 {"amount", Type{TypeKind::float64}},
                 {"status", Type{TypeKind::string}},
                 {"_src", Type{TypeKind::uint64}}});
}

// A fifth of a minute of rows, out of order by up to two seconds.
Batch rows_of(std::uint64_t groups, std::uint64_t rows, std::uint64_t number) {
  const auto schema = std::make_shared<const Schema>(payments());
  std::vector<std::shared_ptr<const Chunk>> chunks;
  const auto begin = static_cast<std::int64_t>(number) * (minute / batches_a_window);
  std::uint64_t random = number * 2'862'933'555'777'941'757u + 1;
  for (std::uint64_t first = 0; first < rows; first += duckdb_vector_size()) {
    Chunk chunk = make_chunk(*schema);
    const std::uint64_t count = std::min<std::uint64_t>(duckdb_vector_size(), rows - first);
    for (std::uint64_t i = 0; i < count; ++i) {
      random = random * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
      const std::uint64_t dice = random >> 33;
      const auto at = begin + static_cast<std::int64_t>((first + i) * (minute / batches_a_window) / rows) -
                      static_cast<std::int64_t>(dice % 2'000'000);
      const std::string merchant = "merchant-" + std::to_string(dice % groups);
      static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(0)))[i] = at - ((at % minute) + minute) % minute;
      static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(1)))[i] = at;
      duckdb_vector_assign_string_element_len(chunk.column(2), i, merchant.data(), merchant.size());
      duckdb_vector_assign_string_element_len(chunk.column(3), i, "EUR", 3);
      static_cast<double*>(duckdb_vector_get_data(chunk.column(4)))[i] = static_cast<double>(dice % 1000) / 4;
      const char* const status = dice % 3 == 0 ? "CAPTURED" : "AUTHORISED";
      duckdb_vector_assign_string_element(chunk.column(5), i, status);
      static_cast<std::uint64_t*>(duckdb_vector_get_data(chunk.column(6)))[i] = first + i;
    }
    duckdb_data_chunk_set_size(chunk.get(), count);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
  }
  return Batch(schema, std::move(chunks));
}

AggregateOptions options() {
  AggregateOptions out;
  out.name = "per_merchant";
  out.time = "at";
  out.window.emplace();
  out.window->tumbling = std::chrono::minutes(1);
  out.by = {{"merchant", "merchant"}, {"currency", "currency"}};
  out.select = {{"payments", "count(*)"}, {"captured", "sum(amount) FILTER (WHERE status = 'CAPTURED')"}};
  out.memory = Bytes(std::uint64_t{4} << 30);
  return out;
}

constexpr const char* bare =
    "SELECT \"window\", merchant, currency, count(*) AS payments, sum(CASE WHEN status = 'CAPTURED' THEN amount END) "
    "AS "
    "captured FROM input GROUP BY \"window\", merchant, currency";

int run(const std::string& directory, std::uint64_t groups, std::uint64_t batches, std::uint64_t rows) {
  const SystemClock clock;
  SessionLimits limits;
  limits.memory = Bytes(std::uint64_t{1} << 30);
  const auto compute = Session::open(SessionKind::compute, limits);
  const auto careful = Session::open(SessionKind::careful, limits);
  auto checkpoint = Checkpoint::open(directory, {"bench", clock.now()});
  if (!compute || !careful || !checkpoint) return 1;
  auto query = (*compute)->prepare(bare, {{"input", payments()}});
  auto step = Aggregate::make(options(), payments(), *compute, *careful);
  if (!query || !step || !(*step)->open(**checkpoint)) return 1;
  double bare_us = 0, advance_us = 0, pack_us = 0, merge_us = 0;
  const auto timed = [&](double& into, auto&& work) {
    const double begin = cpu_us();
    work();
    into += cpu_us() - begin;
  };
  std::uint64_t wrong = 0, out_rows = 0, held = 0;
  std::optional<Micros> late;
  for (std::uint64_t n = 0; n < batches; ++n) {
    const Batch batch = rows_of(groups, rows, n);
    const Micros watermark(static_cast<std::int64_t>(n) * (minute / batches_a_window) - 5'000'000);
    timed(bare_us, [&] { wrong += !query->run(batch); });
    timed(advance_us, [&] {
      const auto out = (*step)->advance(batch, {late, watermark});
      wrong += !out;
      if (!out) return;
      out_rows += out->rows.rows();
      held += out->books.at(0).held;
    });
    late = watermark;
    StateChanges changes;
    timed(pack_us, [&] { wrong += !(*step)->pack(changes); });
    Plan plan;
    plan.number = (*checkpoint)->next_number();
    plan.spec_hash = "spec";
    Commit commit;
    commit.number = plan.number;
    commit.plan_hash = plan.hash();
    commit.epoch = (*checkpoint)->epoch();
    if (!(*checkpoint)->write_plan(plan, "spec") || !(*checkpoint)->commit(commit, changes)) return 1;
    timed(merge_us, [&] { (*step)->merge(); });
  }
  wrong += held != batches * rows;
  const auto per_row = [&](double us) { return us * 1'000 / static_cast<double>(rows * batches); };
  std::printf(
      "bench job=aggregate groups=%lu batches=%lu rows=%lu wrong=%lu out=%lu bare_ns=%.0f advance_ns=%.0f pack_ns=%.0f "
      "merge_ns=%.0f ratio=%.2f\n",
      groups, batches, rows, wrong, out_rows, per_row(bare_us), per_row(advance_us), per_row(pack_us),
      per_row(merge_us), (advance_us + pack_us + merge_us) / bare_us);
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: weir_bench_aggregate DIRECTORY [GROUPS] [BATCHES] [ROWS]\n");
    return 2;
  }
  const auto number = [&](int i, std::uint64_t otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  return weir::run(argv[1], number(2, 50), number(3, 20), number(4, 100'000));
}
