#pragma once
// About how many different values there are (Flajolet et al. 2007), in registers that merge exactly:
//
//   weir_hll(VARCHAR) -> BLOB          the registers; a value is told by its text
//   weir_hll_merge(BLOB) -> BLOB       the registers of all together
//   weir_hll_count(BLOB) -> BIGINT     Ertl's estimate ("New cardinality estimation algorithms for HyperLogLog sketches",
//                                      2017, algorithm 6), which needs no table; the registers alone decide it
//
// 4,096 registers: the standard error is 1.6 %. The bytes are kept in checkpoints: a 1 and three bytes for each register that is
// not zero (its number, 12 bits, and its value, 6), in order, while that is shorter; else a 2 and a byte for each
// register. The hash is XXH3 of the text, without a seed.
//
// Threads: as the session.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <duckdb.h>

#include "base/result.h"

namespace weir {

class HyperLogLog {
 public:
  static constexpr std::size_t registers = 4096;

  void add(std::string_view value);
  void merge(const HyperLogLog& other);
  std::uint64_t estimate() const;

  std::string bytes() const;
  // False for bytes that are no registers.
  bool merge_bytes(std::string_view bytes);

 private:
  std::vector<std::uint8_t> highest_ = std::vector<std::uint8_t>(registers);
};

Status install_hyperloglog(duckdb_connection connection);

}  // namespace weir
