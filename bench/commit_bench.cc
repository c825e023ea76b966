// Time of a plan and of a commit beside a raw fdatasync of the same disk, in turns, so that a busy disk hits all alike.
//   weir_bench_commit DIRECTORY [BATCHES] [STATE_BYTES]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "state/checkpoint.h"

namespace weir {
namespace {

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

int run(const std::string& directory, int batches, std::size_t state_bytes) {
  const SystemClock clock;
  auto opened = Checkpoint::open(directory + "/checkpoint", {"bench", clock.now()});
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text().c_str());
    return 1;
  }
  Checkpoint& checkpoint = **opened;
  const std::string family = *checkpoint.state_family("1");
  const std::string raw_path = directory + "/raw";
  const int raw = open(raw_path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
  const std::string bytes(512, 'x');
  std::vector<double> raw_us, plan_us, commit_us;
  const auto timed = [&](std::vector<double>& into, auto&& work) {
    const auto begin = clock.running();
    const bool done = work();
    into.push_back(static_cast<double>((clock.running() - begin).count()));
    return done;
  };
  for (int i = 0; i < batches; ++i) {
    Plan plan;
    plan.number = checkpoint.next_number();
    plan.spec_hash = "spec";
    plan.sources = {{"in", {{"topic", PartitionId(0), Offset(i), Offset(i + 1)}}}};
    Commit commit;
    commit.number = plan.number;
    commit.plan_hash = plan.hash();
    commit.epoch = checkpoint.epoch();
    StateChanges changes;
    if (state_bytes > 0) changes.put(family, std::to_string(i % 100), std::string(state_bytes, 'x'));
    const bool done =
        timed(raw_us, [&] { return write(raw, bytes.data(), bytes.size()) > 0 && fdatasync(raw) == 0; }) &&
        timed(plan_us, [&] { return checkpoint.write_plan(plan, "spec").has_value(); }) &&
        timed(commit_us, [&] { return checkpoint.commit(commit, changes).has_value(); });
    if (!done) return 1;
  }
  close(raw);
  const double base = median(raw_us);
  std::printf("bench job=commit batches=%d state_bytes=%zu fdatasync_us=%.0f plan_us=%.0f commit_us=%.0f ratio=%.2f\n",
              batches, state_bytes, base, median(plan_us), median(commit_us), median(commit_us) / base);
  return 0;
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: weir_bench_commit DIRECTORY [BATCHES] [STATE_BYTES]\n");
    return 2;
  }
  return weir::run(argv[1], argc > 2 ? std::atoi(argv[2]) : 1000, argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 0);
}
