#pragma once
// RocksDB's settings for a checkpoint: little memory, few files, every check on. Include it from .cc files only.

#include <rocksdb/options.h>

namespace weir {

rocksdb::DBOptions database_options();
rocksdb::ColumnFamilyOptions family_options();

}  // namespace weir
