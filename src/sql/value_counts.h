#pragma once
// How often each value occurs, as a MAP that is in order of its keys and merges exactly:
//
//   weir_counts(VARCHAR) -> MAP(VARCHAR, UBIGINT)      of texts; at most value_counts_max different ones
//   weir_buckets(DOUBLE) -> MAP(INTEGER, UBIGINT)      of buckets of numbers
//   weir_counts_merge(), weir_buckets_merge()          one map of several
//   weir_quantile(buckets, min, max, q) -> DOUBLE      a value at the place q of 0 to 1
//   weir_few(n) -> BOOLEAN                             TRUE, or the error that a list of n values is too long
//
// A bucket holds the numbers with one sign, one binary exponent and the same first 6 bits behind the point: an octave
// has 64, and the middle of one is within 1/129 of all its members, for any number that is not subnormal. It comes from the
// number's bits alone, so it is the same on every machine. NaN is one bucket, above all numbers.
//
// Threads: as the session.

#include <cstddef>
#include <cstdint>

#include <duckdb.h>

#include "base/result.h"

namespace weir {

inline constexpr std::size_t value_counts_max = 10'000;
inline constexpr std::int64_t list_values_max = 10'000;

Status install_value_counts(duckdb_connection connection);

}  // namespace weir
