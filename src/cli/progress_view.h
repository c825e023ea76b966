#pragma once
// Shows a running pipeline in the terminal: rows a second, lag, the last batch by phase, dead letters by code. On a terminal it
// is drawn in place; otherwise it is a line a second.
//
// Threads: committed and waiting on the runner's thread, draw and finish on the one that prints.

#include <cstddef>
#include <mutex>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "cli/progress_totals.h"
#include "pipeline/progress.h"

namespace weir {

class ProgressView final : public ProgressListener {
 public:
  // `in_place`: the stream is a terminal that understands escape sequences.
  ProgressView(std::string pipeline, std::ostream& out, bool in_place, Clock& clock);

  void committed(const BatchProgress& batch) override;
  void waiting(const Error& error, Clock::Duration next_try) override;

  // Call it a few times a second.
  void draw();
  // Draws once more and leaves it.
  void finish();
  ProgressTotals totals() const;

  // Whether stdout is such a terminal.
  static bool terminal();

 private:
  std::string lines() const;  // in place
  std::string line() const;   // one

  const std::string pipeline_;
  std::ostream& out_;
  const bool in_place_;
  Clock& clock_;
  const Clock::Duration begin_;

  mutable std::mutex mutex_;
  ProgressTotals totals_;  // guarded by mutex_, as all below
  BatchProgress last_;
  Pace pace_;
  std::string trouble_;

  std::size_t lines_drawn_ = 0;  // the printing thread's own
  Clock::Duration line_due_{0};
};

}  // namespace weir
