#include "pipeline/trigger.h"

namespace weir {
namespace {

// Long enough to gather a batch worth its commit, short enough not to be felt.
constexpr Clock::Duration eager_patience = std::chrono::milliseconds(100);

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
  return spec_.kind == TriggerSpec::Kind::every ? Clock::Duration(0) : eager_patience;
}

}  // namespace weir
