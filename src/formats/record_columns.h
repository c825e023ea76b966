#pragma once
// Writes the columns that come from around a record: key, topic, partition, offset, timestamp, headers and `_src`.
//
// Threads: one thread an object. Ownership: bound chunks must outlive the writes.

#include <cstdint>
#include <vector>

#include "config/source_spec.h"
#include "data/batch.h"
#include "data/record.h"
#include "formats/column_writer.h"
#include "formats/headers_writer.h"

namespace weir {

class RecordColumns {
 public:
  explicit RecordColumns(const std::vector<MetadataColumn>& wanted);

  // Appends the columns to a schema, `_src` last; they are written where they stand in it.
  void add_to(Schema& schema);
  void bind(const Chunk& chunk);
  void write(std::uint64_t row, const RecordBatch& batch, const Record& record, std::uint64_t src);
  void finish_chunk();

 private:
  struct Entry {
    MetadataColumn kind;
    ColumnWriter column;
  };

  void write_topic(Entry& entry, std::uint64_t row, const RecordBatch& batch, const Record& record);

  std::vector<Entry> entries_;
  ColumnWriter src_;
  std::size_t first_ = 0;  // position of the first in the schema
  HeadersWriter headers_;
  // The row that holds the topic of the stream seen last.
  std::uint32_t topic_stream_ = 0;
  std::uint64_t topic_row_ = 0;
  bool topic_written_ = false;
};

}  // namespace weir
