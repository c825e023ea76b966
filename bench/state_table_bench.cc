// CPU time (this thread's) to find, put, commit and give out the rows of windows, by the number of groups held.
//   weir_bench_state_table DIRECTORY [GROUPS] [BATCHES]

#include <cstdio>
#include <cstdlib>
#include <string>

#include <duckdb.h>
#include <time.h>

#include "base/clock.h"
#include "state/checkpoint.h"
#include "state/state_table.h"

namespace weir {
namespace {

constexpr std::int64_t minute = 60'000'000;

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

Schema windows() {
  return Schema({{"window_start", Type{TypeKind::timestamp}},
                 {"merchant", Type{TypeKind::string}},
                 {"currency", Type{TypeKind::string}},
                 {"n", Type{TypeKind::int64}},
                 {"total", Type{TypeKind::float64}}});
}

// One row for each group, in `count` windows.
Batch rows_of(std::uint64_t groups, std::uint64_t round) {
  const auto schema = std::make_shared<const Schema>(windows());
  std::vector<std::shared_ptr<const Chunk>> chunks;
  for (std::uint64_t begin = 0; begin < groups; begin += duckdb_vector_size()) {
    Chunk chunk = make_chunk(*schema);
    const std::uint64_t count = std::min<std::uint64_t>(duckdb_vector_size(), groups - begin);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t group = (begin + i) * 7919 % groups;
      const std::string merchant = "merchant-" + std::to_string(group);
      static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(0)))[i] =
          static_cast<std::int64_t>(group % 3) * minute;
      duckdb_vector_assign_string_element_len(chunk.column(1), i, merchant.data(), merchant.size());
      duckdb_vector_assign_string_element_len(chunk.column(2), i, "EUR", 3);
      static_cast<std::int64_t*>(duckdb_vector_get_data(chunk.column(3)))[i] = static_cast<std::int64_t>(round);
      static_cast<double*>(duckdb_vector_get_data(chunk.column(4)))[i] = 1.5;
    }
    duckdb_data_chunk_set_size(chunk.get(), count);
    chunks.push_back(std::make_shared<const Chunk>(std::move(chunk)));
  }
  return Batch(schema, std::move(chunks));
}

int run(const std::string& directory, std::uint64_t groups, std::uint64_t batches) {
  const SystemClock clock;
  StateTableOptions options;
  options.id = "1";
  options.schema = windows();
  options.keys = 3;
  options.bucket_width = Micros(minute);
  options.memory_max = Bytes(std::uint64_t{4} << 30);
  auto checkpoint = Checkpoint::open(directory, {"bench", clock.now()});
  if (!checkpoint) return 1;
  auto table = StateTable::open(**checkpoint, options);
  if (!table) return 1;
  double find_us = 0, put_us = 0, pack_us = 0, merge_us = 0, range_us = 0;
  const auto timed = [&](double& into, auto&& work) {
    const double begin = cpu_us();
    work();
    into += cpu_us() - begin;
  };
  std::uint64_t wrong = 0;
  for (std::uint64_t n = 0; n < batches; ++n) {
    const Batch rows = rows_of(groups, n);
    timed(find_us, [&] { wrong += table->find(rows)->rows() != (n == 0 ? 0 : groups); });
    timed(put_us, [&] { wrong += !table->put(rows); });
    StateChanges changes;
    timed(pack_us, [&] { wrong += !table->pack(changes); });
    Plan plan;
    plan.number = (*checkpoint)->next_number();
    plan.spec_hash = "spec";
    Commit commit;
    commit.number = plan.number;
    commit.plan_hash = plan.hash();
    commit.epoch = (*checkpoint)->epoch();
    if (!(*checkpoint)->write_plan(plan, "spec") || !(*checkpoint)->commit(commit, changes)) return 1;
    timed(merge_us, [&] { table->merge(); });
  }
  timed(range_us, [&] { wrong += table->range(Micros(0), Micros(10 * minute))->rows() != groups; });
  const TableSize size = table->size();
  const auto per_row = [&](double us) { return us * 1'000 / static_cast<double>(groups * batches); };
  std::printf(
      "bench job=state_table groups=%lu batches=%lu wrong=%lu find_ns=%.0f put_ns=%.0f pack_ns=%.0f merge_ns=%.0f "
      "range_ns=%.0f bytes_a_row=%.0f\n",
      groups, batches, wrong, per_row(find_us), per_row(put_us), per_row(pack_us), per_row(merge_us),
      range_us * 1'000 / static_cast<double>(groups),
      static_cast<double>(size.memory.value) / static_cast<double>(size.rows));
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: weir_bench_state_table DIRECTORY [GROUPS] [BATCHES]\n");
    return 2;
  }
  return weir::run(argv[1], argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000,
                   argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10);
}
