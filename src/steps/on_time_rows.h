#pragma once
// Takes out of a batch the rows that a stateful step does not take: those without an event time, late ones, and those
// whose time is beyond what the step can place.
//
// Threads: plain functions.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"
#include "config/stateful_spec.h"
#include "data/batch.h"
#include "steps/step.h"

namespace weir {

struct OnTimeRule {
  std::string step;
  std::string column;        // of event time
  std::size_t position = 0;  // its place
  OnLate late = OnLate::dead_letter;
  std::string_view late_because;  // between the row's time and the watermark, in the message
  Micros least{INT64_MIN};        // outside of these: VALUE_OUT_OF_RANGE
  Micros most{INT64_MAX};
};

struct OnTimeRows {
  Batch rows;
  std::vector<Micros> times;  // of each row
};

// Rows with a time before `first` are late against `watermark`. What leaves is added to `out`.
OnTimeRows on_time_rows(const Batch& rows, const OnTimeRule& rule, std::optional<Micros> first,
                        std::optional<Micros> watermark, StepOutput& out);

}  // namespace weir
