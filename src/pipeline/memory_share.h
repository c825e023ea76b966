#pragma once
// How resources.memory is split. The process takes its part before the first record: the pages of the executable that are
// in use, three DuckDB sessions, Kafka's clients, RocksDB. Shares are of the rest:
//
//   fetch queue 1/8; batch as fetched 1/8, twice, since the next one is fetched and decoded while this one runs; its
//   columns about as much again; DuckDB's limits 1/4 each, which a stream of small batches does not come near; state 1/4
//
// Threads: plain functions.

#include <algorithm>
#include <cstdint>

#include "base/types.h"
#include "config/pipeline_spec.h"

namespace weir {

inline Bytes memory_share(const PipelineSpec& pipeline, std::uint64_t one_in) {
  constexpr std::uint64_t process = std::uint64_t{160} << 20;
  const std::uint64_t all = pipeline.resources.memory.value;
  return Bytes((all - std::min(process, all / 4 * 3)) / one_in);
}

}  // namespace weir
