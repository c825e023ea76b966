// CPU time (this thread's: other work on the machine hardly counts) of a dedup look-up and insertion, of a commit and of a start-up, by the number of keys held.
//   weir_bench_key_set DIRECTORY [KEYS] [BATCH] [MEMORY_MB]

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "state/checkpoint.h"
#include "state/key_set.h"

namespace weir {
namespace {

constexpr std::int64_t minute = 60'000'000;

double cpu_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

int run(const std::string& directory, std::uint64_t keys, std::uint64_t batch, std::uint64_t memory_mb) {
  const SystemClock clock;
  const KeySetOptions options{"1", Micros(minute), Bytes(memory_mb << 20)};
  auto checkpoint = Checkpoint::open(directory, {"bench", clock.now()});
  if (!checkpoint) return 1;
  auto set = KeySet::open(**checkpoint, options);
  if (!set) return 1;
  double insert_us = 0, again_us = 0, pack_us = 0, merge_us = 0;
  const auto timed = [&](double& into, auto&& work) {
    const double begin = cpu_us();
    work();
    into += cpu_us() - begin;
  };
  std::vector<Hash128> hashes(batch);
  std::vector<Micros> times(batch);
  std::vector<std::uint8_t> fresh(batch);
  std::uint64_t wrong = 0;
  for (std::uint64_t done = 0; done < keys; done += batch) {
    for (std::uint64_t i = 0; i < batch; ++i) {
      const std::uint64_t n = done + i;
      hashes[i] = hash128(std::string_view(reinterpret_cast<const char*>(&n), sizeof n), 7);
      times[i] = Micros(static_cast<std::int64_t>(n * 10 * minute / keys));  // ten buckets
    }
    Plan plan;
    plan.number = (*checkpoint)->next_number();
    plan.spec_hash = "spec";
    Commit commit;
    commit.number = plan.number;
    commit.plan_hash = plan.hash();
    commit.epoch = (*checkpoint)->epoch();
    StateChanges changes;
    timed(insert_us, [&] { wrong += !set->insert(hashes, times, {}, {}, fresh); });
    for (const std::uint8_t f : fresh) wrong += f != 1;
    timed(pack_us, [&] { wrong += !set->pack(changes); });
    if (!(*checkpoint)->write_plan(plan, "spec") || !(*checkpoint)->commit(commit, changes)) return 1;
    timed(merge_us, [&] { set->merge(); });
    timed(again_us, [&] { wrong += !set->insert(hashes, times, {}, {}, fresh); });
    for (const std::uint8_t f : fresh) wrong += f != 0;
  }
  const TableSize size = set->size();
  double open_us = 0;
  timed(open_us, [&] {
    set = tl::unexpected(Error{});
    checkpoint->reset();
    checkpoint = Checkpoint::open(directory, {"bench", clock.now()});
    set = KeySet::open(**checkpoint, options);
  });
  double expire_us = 0;
  set->expire(Micros(20 * minute));
  StateChanges changes;
  wrong += !set->pack(changes);
  timed(expire_us, [&] { set->merge(); });
  const auto per_key = [&](double us) { return us * 1'000 / static_cast<double>(keys); };
  std::printf(
      "bench job=key_set keys=%lu batch=%lu wrong=%lu insert_ns=%.0f duplicate_ns=%.0f pack_ns=%.0f merge_ns=%.0f "
      "expire_ns=%.0f open_s=%.2f memory_mb=%lu bytes_a_key=%.1f\n",
      keys, batch, wrong, per_key(insert_us), per_key(again_us), per_key(pack_us), per_key(merge_us),
      per_key(expire_us), open_us / 1e6, size.memory.value >> 20,
      static_cast<double>(size.memory.value) / static_cast<double>(size.rows));
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: weir_bench_key_set DIRECTORY [KEYS] [BATCH] [MEMORY_MB]\n");
    return 2;
  }
  const auto number = [&](int i, std::uint64_t otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  return weir::run(argv[1], number(2, 5'000'000), number(3, 100'000), number(4, 4'096));
}
