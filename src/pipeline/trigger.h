#pragma once
// Decides when the next batch starts and how far it may read.
//
// Threads: one caller at a time.

#include <optional>
#include <stop_token>

#include "base/clock.h"
#include "config/pipeline_spec.h"

namespace weir {

class Trigger {
 public:
  Trigger(const TriggerSpec& spec, Clock& clock) : spec_(spec), clock_(clock) {}

  // Waits until the next batch is due; false when a stop was asked for meanwhile. `every` keeps its beat: the next
  // multiple of the interval since the last start; a batch that took longer starts the next one at once.
  bool wait(std::stop_token stop);

  // The pipeline ends when every source stands where it was when the pipeline started.
  bool ends() const { return spec_.kind == TriggerSpec::Kind::once || spec_.kind == TriggerSpec::Kind::available_now; }
  // One batch takes all, whatever the limits of the sources say.
  bool single_batch() const { return spec_.kind == TriggerSpec::Kind::once; }
  // How long a fetch waits for rows when there are none.
  Clock::Duration patience() const;

 private:
  TriggerSpec spec_;
  Clock& clock_;
  std::optional<Clock::Duration> last_start_;
};

}  // namespace weir
