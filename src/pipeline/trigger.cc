#include "pipeline/trigger.h"

namespace weir {
namespace {

// Long enough to gather a batch worth its commit, short enough not to be felt.
constexpr Clock::Duration eager_patience = std::chrono::milliseconds(100);
// All there is belongs into the one batch, however slow its broker is.
constexpr Clock::Duration single_batch_patience = std::chrono::hours(24);

}  // namespace

bool Trigger::wait(std::stop_token stop) {
  if (spec_.kind == TriggerSpec::Kind::every && last_start_) {
    const Clock::Duration due = *last_start_ + spec_.interval;
    const Clock::Duration now = clock_.running();
    if (due > now && !clock_.sleep(due - now, stop)) return false;
    last_start_ = due > now ? due : now;
  } else {
    last_start_ = clock_.running();
  }
  return !stop.stop_requested();
}

Clock::Duration Trigger::patience() const {
  if (single_batch()) return single_batch_patience;
  return spec_.kind == TriggerSpec::Kind::every ? Clock::Duration(0) : eager_patience;
}

}  // namespace weir
