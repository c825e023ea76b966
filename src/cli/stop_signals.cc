#include "cli/stop_signals.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "cli/cli.h"

namespace weir {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

void wait_for_signals(std::stop_token done, const std::stop_source& source) {
  const sigset_t set = stop_set();
  while (!done.stop_requested()) {
    const timespec wait{0, 100'000'000};  // to look at `done` now and then
    if (sigtimedwait(&set, nullptr, &wait) < 0) continue;
    if (source.stop_requested()) _exit(exit_failed);
    log::info("stopping after the batch that runs; a second signal ends at once");
    source.request_stop();
  }
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  waiter_ = std::jthread([source = source_](std::stop_token done) { wait_for_signals(done, source); });
}

StopSignals::~StopSignals() = default;

}  // namespace weir
