#pragma once
// Plays a scenario with the real runner, checkpoint, steps and file sinks under virtual time, and reads back what is there.
//
// Threads: one at a time (crash and fault points are the process's).

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scenarios/runner/bugs.h"
#include "scenarios/runner/scenario.h"

namespace weir::scenario {

// What may go wrong at one moment: a crash at a named point or a failed operation, at its `hit`-th pass.
struct FaultAt {
  enum class Kind { crash, fault } kind = Kind::crash;
  std::string name;
  int hit = 1;
};

struct Play {
  bool restore_each_batch = false;  // a new process, as it were, after every batch
  int restore_once_after = 0;       // after so many batches, once
  std::vector<FaultAt> faults;      // one a run, in this order; then a run without
  Bugs bugs;
  bool as_written = false;  // rows of JSON lines by their text, not by what a reader makes of it
};

struct Outcome {
  std::map<std::string, std::vector<std::string>> rows;  // by sink, each a JSON object, sorted
  std::map<std::string, std::uint64_t> dropped;          // by reason, from the checkpoint's books
  std::string error;
};

Outcome play(const Scenario& scenario, const Play& how);

// How the outcome differs from what the scenario wants; empty when it does not.
std::string difference(const Scenario& scenario, const Outcome& outcome);

}  // namespace weir::scenario
