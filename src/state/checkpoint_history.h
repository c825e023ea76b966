#pragma once
// Reads what a checkpoint's database says of its past, and checks that it hangs together: batch numbers without a hole,
// each commit under its plan's hash, each plan with its spec. For the checkpoint itself and for `weir checkpoint show`.
//
// Threads: plain functions. Errors: Fault::config with the remedy for what does not hang together.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "state/commit.h"
#include "state/database.h"
#include "state/plan.h"

namespace weir {

struct Identity {
  int format = 0;
  std::string pipeline;
  std::string writer;
  std::string secret;  // UUID that never leaves the database
  Epoch epoch;
};

struct History {
  std::vector<Plan> plans;      // oldest first; one more than commits where a batch is open
  std::vector<Commit> commits;  // oldest first
};

Status refuse_newer(const Identity& identity);
// Refuses a newer format.
Result<Identity> read_identity(Database& database);
Result<History> read_history(Database& database);

// Says that, and the ways out.
Error damaged(const std::string& what);

}  // namespace weir
