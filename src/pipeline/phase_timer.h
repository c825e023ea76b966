#pragma once
// Sums the time a batch spends in each phase, and tells a test's killer which phase runs.
//
// Threads: one caller at a time.

#include <array>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/crash_point.h"

namespace weir {

class PhaseTimer {
 public:
  explicit PhaseTimer(Clock& clock) : clock_(clock) {}

  // Ends the phase before and begins this one.
  void enter(Phase phase) {
    const Clock::Duration now = clock_.running();
    if (phase_) spent_[static_cast<std::size_t>(*phase_)] += now - since_;
    phase_ = phase;
    since_ = now;
    note_phase(phase);
  }

  // What was spent since the last call; a new batch begins.
  std::array<Clock::Duration, 9> take() {
    if (phase_) enter(*phase_);
    return std::exchange(spent_, {});
  }

 private:
  Clock& clock_;
  std::optional<Phase> phase_;
  Clock::Duration since_{0};
  std::array<Clock::Duration, 9> spent_{};
};

}  // namespace weir
