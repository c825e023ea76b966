#pragma once
// What a step's state amounts to, as users see it: weir_state_rows, weir_state_bytes, weir_state_memory_bytes.
//
// Threads: plain values.

#include <cstdint>

#include "base/types.h"

namespace weir {

struct TableSize {
  std::uint64_t rows = 0;
  Bytes bytes;   // as stored, before RocksDB's own compression
  Bytes memory;  // as held
};

}  // namespace weir
