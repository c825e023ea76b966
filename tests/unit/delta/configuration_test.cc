#include "delta/configuration.h"

#include <catch2/catch.hpp>

using namespace weir::delta;

TEST_CASE("durations as Spark writes them") {
  CHECK(parse_interval_ms("interval 1 week") == 604'800'000);
  CHECK(parse_interval_ms("INTERVAL 2 hours 30 minutes") == 9'000'000);
  CHECK(parse_interval_ms("7 days") == 604'800'000);
  CHECK(parse_interval_ms("interval 0 seconds") == 0);
  for (const char* bad : {"", "interval", "1", "one week", "1 fortnight", "9223372036854775807 weeks"})
    CHECK_FALSE(parse_interval_ms(bad).has_value());
}

TEST_CASE("a table's settings, and their defaults where it has none or nonsense") {
  Metadata metadata;
  CHECK(Configuration(metadata).checkpoint_interval() == 10);
  CHECK(Configuration(metadata).indexed_columns() == 32);
  CHECK(Configuration(metadata).compression() == "zstd");
  metadata.configuration = {{"delta.checkpointInterval", "3"},
                            {"delta.dataSkippingNumIndexedCols", "-1"},
                            {"delta.parquet.compression.codec", "SNAPPY"},
                            {"delta.checkpoint.writeStatsAsStruct", "true"},
                            {"delta.deletedFileRetentionDuration", "interval 1 day"}};
  const Configuration set(metadata);
  CHECK(set.checkpoint_interval() == 3);
  CHECK(set.indexed_columns() == -1);
  CHECK(set.compression() == "snappy");
  CHECK(set.stats_as_struct());
  CHECK(set.deleted_file_retention_ms() == 86'400'000);
  metadata.configuration = {{"delta.checkpointInterval", "often"}, {"delta.parquet.compression.codec", "brotli"}};
  CHECK(Configuration(metadata).checkpoint_interval() == 10);
  CHECK(Configuration(metadata).compression() == "zstd");
}
