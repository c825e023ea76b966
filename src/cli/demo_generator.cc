#include "cli/demo_generator.h"

#include "base/hash.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds beat{20};
constexpr std::chrono::seconds flush_max{30};

}  // namespace

DemoGenerator::DemoGenerator(DemoBroker& broker, Clock& clock, DemoEvents events, DemoPace pace)
    : broker_(broker), clock_(clock), events_(events), pace_(pace) {
  thread_ = std::jthread([this](std::stop_token stop) {
    status_ = run(stop);
    done_ = true;
  });
}

Result<DemoCounts> DemoGenerator::finish() {
  if (thread_.joinable()) thread_.join();
  if (!status_) return fail(status_.error());
  return counts_;
}

Status DemoGenerator::run(std::stop_token stop) {
  const auto begin = clock_.running();
  while (counts_.sent < pace_.events && !stop.stop_requested()) {
    const double part =
        static_cast<double>((clock_.running() - begin).count()) / static_cast<double>(pace_.over.count());
    const auto due = static_cast<std::uint64_t>(part * static_cast<double>(pace_.events));
    while (counts_.sent < std::min(due, pace_.events)) {
      const DemoEvent event = events_.at(counts_.sent, late_);
      const auto partition =
          static_cast<std::int32_t>(hash64(event.key) % static_cast<std::uint64_t>(pace_.partitions));
      TRY(broker_.send(PartitionId(partition), event.key, event.value, clock_.now()));
      counts_.add(event);
      sent_ = counts_.sent;
    }
    clock_.sleep(beat, stop);
  }
  return broker_.flush(flush_max);
}

}  // namespace weir
