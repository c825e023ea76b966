#pragma once
// Says which sessions become one: those of a key that overlap, directly or by way of others. Each takes the start of the
// earliest of its own.
//
// Threads: plain functions. Errors: Fault::internal for a key that cannot be packed, which the shape has ruled out.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "data/batch.h"

namespace weir {

struct SessionMerge {
  Batch rows;                           // `known`, then `fresh`, with the start of the session that each goes into
  std::vector<std::uint64_t> absorbed;  // positions in `known` of those that begin otherwise now
};

// Rows begin with start, `by`, end; `keys` counts the start and `by`. Those of `known` do not overlap each other.
Result<SessionMerge> merge_sessions(const Batch& known, const Batch& fresh, std::size_t keys);

}  // namespace weir
