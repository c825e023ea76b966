#include "state/database_options.h"

#include <cstdarg>
#include <cstdio>
#include <memory>

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "base/log.h"

namespace weir {
namespace {

// RocksDB's warnings in our log, instead of LOG files in the checkpoint.
class LogForward final : public rocksdb::Logger {
 public:
  LogForward() : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    log::debug("checkpoint database", {{"text", text}});
  }
  void Logv(const rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level >= GetInfoLogLevel() && level != rocksdb::InfoLogLevel::HEADER_LEVEL) Logv(format, arguments);
  }
};

}  // namespace

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.info_log = std::make_shared<LogForward>();
  options.paranoid_checks = true;
  options.fail_if_options_file_error = false;  // the options are code; the file is for people
  // A power loss may leave a torn tail of what was not synced yet: stop there. That nothing synced is behind the stop
  // is what the SYNCED mark, the contiguous batch numbers and the heads of the tables are for.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_total_wal_size = 64 << 20;
  options.db_write_buffer_size = 24 << 20;
  options.max_background_jobs = 2;
  options.max_open_files = -1;  // they are few; all are checked at the start
  options.max_manifest_file_size = 1 << 20;
  options.manifest_preallocation_size = 64 << 10;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.keep_log_file_num = 2;
  options.use_fsync = false;  // fdatasync writes the size as well
  return options;
}

rocksdb::ColumnFamilyOptions family_options() {
  static const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(4 << 20, 2);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = 8 << 20;
  options.max_write_buffer_number = 2;
  options.arena_block_size = 64 << 10;
  options.compression = rocksdb::kLZ4Compression;
  // Dropped buckets are ranges of deletions, which must meet what they delete before that takes up the disk.
  options.ttl = 3'600;
  options.periodic_compaction_seconds = 21'600;
  options.paranoid_file_checks = true;  // reads back what flush and compaction wrote
  return options;
}

}  // namespace weir
