#pragma once
// The settings of a table (`metaData.configuration`) that an appending writer heeds, with their defaults.
//
// Threads: plain values. Ownership: keeps nothing.

#include <cstdint>
#include <string>

#include "delta/actions.h"

namespace weir::delta {

class Configuration {
 public:
  explicit Configuration(const Metadata& metadata);

  // delta.checkpointInterval, in commits.
  std::int64_t checkpoint_interval() const { return checkpoint_interval_; }
  // delta.checkpoint.writeStatsAsStruct: such a checkpoint is left to writers that know how.
  bool stats_as_struct() const { return stats_as_struct_; }
  // delta.deletedFileRetentionDuration.
  std::int64_t deleted_file_retention_ms() const { return deleted_file_retention_ms_; }
  // delta.dataSkippingNumIndexedCols: leaf columns with statistics; -1: all.
  std::int64_t indexed_columns() const { return indexed_columns_; }
  // delta.parquet.compression.codec, as DuckDB names it.
  const std::string& compression() const { return compression_; }

 private:
  std::int64_t checkpoint_interval_ = 10;
  bool stats_as_struct_ = false;
  std::int64_t deleted_file_retention_ms_ = std::int64_t{7} * 24 * 3600 * 1000;
  std::int64_t indexed_columns_ = 32;
  std::string compression_ = "zstd";
};

// "interval 2 weeks", as Spark writes durations, in ms; nullopt where it is none.
std::optional<std::int64_t> parse_interval_ms(std::string_view text);

}  // namespace weir::delta
