#pragma once
// Sends the demo's events to the broker from a thread of its own, at an even pace, and counts what it sent.
//
// Threads: its own; the members may be called from any. Ownership: broker and clock outlive it.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "cli/demo_events.h"
#include "connectors/demo_broker.h"

namespace weir {

struct DemoPace {
  std::uint64_t events = 0;
  std::chrono::microseconds over{0};
  std::int32_t partitions = 4;
};

class DemoGenerator {
 public:
  DemoGenerator(DemoBroker& broker, Clock& clock, DemoEvents events, DemoPace pace);

  bool done() const { return done_; }
  std::uint64_t sent() const { return sent_; }
  // From now on some events come too late: there is a watermark that they are behind.
  void send_late() { late_ = true; }
  void stop() { thread_.request_stop(); }
  // Waits for the end: what was sent, or why it could not be.
  Result<DemoCounts> finish();

 private:
  Status run(std::stop_token stop);

  DemoBroker& broker_;
  Clock& clock_;
  DemoEvents events_;
  DemoPace pace_;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<bool> done_{false};
  std::atomic<bool> late_{false};
  Status status_;      // read after the thread has ended
  DemoCounts counts_;  // the same
  std::jthread thread_;
};

}  // namespace weir
