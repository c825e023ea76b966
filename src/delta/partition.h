#pragma once
// Splits a batch by the values of its partition columns, as the texts that a table's log keeps of them: dates yyyy-MM-dd,
// timestamps in UTC with microseconds, null and the empty text both null (the protocol knows no empty value).
//
// Threads: one caller at a time. Errors: rows that have no place are given back, they never fail the batch.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "sql/session.h"

namespace weir::delta {

using PartitionValues = std::vector<std::optional<std::string>>;  // by partition column

struct PartitionPart {
  PartitionValues values;
  Batch rows;
};

struct RefusedRow {
  std::uint64_t row = 0;  // position in the batch
  std::string column;
  std::string message;
};

struct PartitionParts {
  std::vector<PartitionPart> parts;  // by values
  std::vector<RefusedRow> refused;   // by row
};

inline constexpr std::size_t partitions_max = 1024;  // of one batch; rows of more are refused, in row order

Result<PartitionParts> split(Session& io, const Batch& rows, const std::vector<std::string>& columns);

// `column=value/column=value`, where all of it is plain letters, digits, _ - and .; else empty. Readers take the values from the
// log alone, so a directory is for people, and none is worth an encoding.
std::string plain_directory(const std::vector<std::string>& columns, const PartitionValues& values);

}  // namespace weir::delta
